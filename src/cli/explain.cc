// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <cctype>
#include <ostream>

#include "base/columns.h"
#include "base/nearest.h"
#include "base/text.h"
#include "cli/analyze.h"
#include "cli/complain.h"
#include "cli/page.h"
#include "report/catalogue.h"

namespace whyhung::cli {
namespace {

using report::CataloguePage;
using report::GlossaryEntry;

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

const GlossaryEntry* entry_of(std::string_view word) {
  for (const GlossaryEntry& entry : report::glossary()) {
    for (const std::string& one : entry.words) {
      if (lower(one) == lower(word)) return &entry;
    }
  }
  return nullptr;
}

std::vector<std::string> glossary_words() {
  std::vector<std::string> words;
  for (const GlossaryEntry& entry : report::glossary())
    words.insert(words.end(), entry.words.begin(), entry.words.end());
  return words;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

void write(const Page& page, const CataloguePage& shown) {
  page.out << page.style.heading(shown.name) << "\n";
  for (const CataloguePage::Part& part : shown.parts) {
    // How it looks stands before what is to be done about it.
    const bool is_last = &part == &shown.parts.back() && shown.parts.size() > 1;
    if (is_last && !shown.example.empty())
      page.out << "\n" << page.style.heading("How it looks") << "\n" << shown.example << "\n";
    page.out << "\n";
    if (!part.label.empty()) page.out << page.style.heading(part.label) << "\n";
    page.out << paragraph(report::text_of(part.text), page.width, "  ", "  ");
  }
}

void write(const Page& page, const GlossaryEntry& entry) {
  page.out << page.style.heading(joined(entry.words)) << "\n"
           << paragraph(report::text_of(entry.text), page.width, "  ", "  ");
}

void write_all(const Page& page) {
  page.out << page.style.heading("Verdicts") << "\n"
           << paragraph(joined(report::catalogue_names()), page.width, "  ", "  ") << "\n"
           << page.style.heading("Words") << "\n"
           << paragraph(joined(glossary_words()), page.width, "  ", "  ");
}

}  // namespace

int explain(const ExplainOptions& options) {
  constexpr int kUnknownWord = 2;
  const Showing how{.may_page = !options.no_pager};
  if (options.word.empty()) {
    show(how, write_all);
    return 0;
  }
  if (const auto shown = report::catalogue_page(options.word)) {
    show(how, [&](const Page& page) { write(page, *shown); });
    return 0;
  }
  if (const GlossaryEntry* entry = entry_of(options.word)) {
    show(how, [&](const Page& page) { write(page, *entry); });
    return 0;
  }
  std::vector<std::string> all = report::catalogue_names();
  for (const std::string& word : glossary_words()) all.push_back(word);
  const std::string_view meant = nearest(options.word, all);
  complain({ErrorKind::kUsage, fmt::format("nothing is known of \"{}\"", printable(options.word)),
            meant.empty() ? "whyhung explain lists all that there is" : fmt::format("did you mean {}?", meant)});
  return kUnknownWord;
}

}  // namespace whyhung::cli
