// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/catalogue.h"

#include <built_in_documents.h>  // made of documents.h.in

#include <algorithm>
#include <array>
#include <utility>

#include "diagnose/class_names.h"

namespace whyhung::report {
namespace {

constexpr std::string_view kPageMark = "\n### ";
constexpr std::size_t kMostPages = 64;

constexpr std::string_view line_at(std::string_view text, std::size_t at) {
  return text.substr(at, text.find('\n', at) - at);
}

struct Heading {
  std::string_view name;
  std::size_t begin = 0;  // of what stands below it
};
struct Headings {
  std::array<Heading, kMostPages> all;
  std::size_t count = 0;
};

constexpr Headings find_headings(std::string_view text) {
  Headings found;
  for (std::size_t i = 0; i + kPageMark.size() < text.size(); ++i) {
    if (text[i] != '\n' || text[i + 1] != '#' || !text.substr(i).starts_with(kPageMark)) continue;
    const std::string_view name = line_at(text, i + kPageMark.size());
    found.all.at(found.count++) = {name, i + kPageMark.size() + name.size()};
  }
  return found;
}

constexpr Headings kHeadings = find_headings(kCatalogueText);

constexpr bool all_have_pages() {
  for (const auto& row : diagnose::kHangClasses) {
    bool found = false;
    for (std::size_t i = 0; i < kHeadings.count; ++i) found = found || kHeadings.all.at(i).name == row.name;
    if (!found) return false;
  }
  return true;
}
static_assert(all_have_pages(), "a class lacks its page in docs/hang-catalogue.md");

// The outputs that stand between fences are taken out; the first one is returned.
std::string take_examples(std::string& text) {
  constexpr std::string_view kFence = "\n```\n";
  std::string first;
  while (true) {
    const std::size_t begin = text.find(kFence);
    const std::size_t end = begin == std::string::npos ? begin : text.find(kFence, begin + kFence.size());
    if (end == std::string::npos) return first;
    if (first.empty()) first = text.substr(begin + kFence.size(), end + 1 - begin - kFence.size());
    text.erase(begin, end + kFence.size() - 1 - begin);
  }
}

// The documents' marks are few: `code`, [words](of a link), line breaks that mean a blank.
Inlines inlines_of_markdown(std::string_view text) {
  Inlines out;
  std::string plain;
  const auto end_plain = [&] {
    if (!plain.empty()) out.push_back({InlineKind::kText, std::exchange(plain, {})});
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '`') {
      end_plain();
      const std::size_t end = std::min(text.find('`', i + 1), text.size());
      out.push_back({InlineKind::kCode, std::string(text.substr(i + 1, end - i - 1))});
      i = end;
    } else if (c == ']' && text.substr(i).starts_with("](")) {
      i = std::min(text.find(')', i), text.size());
    } else if (c == '*' && text.substr(i).starts_with("**")) {
      ++i;
    } else if (c != '[') {
      plain += c == '\n' ? ' ' : c;
    }
  }
  end_plain();
  return out;
}

// Calls `take` with each paragraph.
template <typename Take>
void each_paragraph(std::string_view text, Take take) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\n\n"), text.size());
    std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 2, text.size()));
    while (one.starts_with('\n')) one.remove_prefix(1);
    while (one.ends_with('\n')) one.remove_suffix(1);
    if (!one.empty() && !one.starts_with("<!--")) take(one);
  }
}

// "**What one sees.** Tasks blocked …".
CataloguePage::Part part_of(std::string_view paragraph) {
  CataloguePage::Part part;
  constexpr std::string_view kStrong = "**";
  constexpr std::string_view kEnd = ".** ";
  const std::size_t end = paragraph.find(kEnd);
  if (paragraph.starts_with(kStrong) && end != std::string_view::npos) {
    part.label = std::string(paragraph.substr(kStrong.size(), end - kStrong.size()));
    paragraph.remove_prefix(end + kEnd.size());
  }
  part.text = inlines_of_markdown(paragraph);
  return part;
}

std::vector<GlossaryEntry> read_glossary() {
  std::vector<GlossaryEntry> entries;
  each_paragraph(kGlossaryText, [&](std::string_view paragraph) {
    constexpr std::string_view kStrong = "**";
    if (!paragraph.starts_with(kStrong)) return;
    GlossaryEntry entry;
    std::string_view names = paragraph.substr(kStrong.size(), paragraph.find(kStrong, kStrong.size()) - kStrong.size());
    while (!names.empty()) {
      const std::size_t end = std::min(names.find(", "), names.size());
      entry.words.emplace_back(names.substr(0, end));
      names.remove_prefix(std::min(end + 2, names.size()));
    }
    // "**word** (where): text" and "**word**: text".
    std::string_view text = paragraph.substr(paragraph.find(kStrong, kStrong.size()) + kStrong.size());
    if (text.starts_with(": ")) text.remove_prefix(2);
    if (text.starts_with(' ')) text.remove_prefix(1);
    entry.text = inlines_of_markdown(text);
    entries.push_back(std::move(entry));
  });
  return entries;
}

}  // namespace

std::vector<std::string> catalogue_names() {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kHeadings.count; ++i) names.emplace_back(kHeadings.all.at(i).name);
  return names;
}

std::optional<CataloguePage> catalogue_page(std::string_view name) {
  for (std::size_t i = 0; i < kHeadings.count; ++i) {
    const Heading& heading = kHeadings.all.at(i);
    if (heading.name != name) continue;
    std::string text(kCatalogueText.substr(heading.begin));
    text.resize(std::min(text.find("\n##"), text.size()));
    CataloguePage page;
    page.name = std::string(name);
    const std::string example = take_examples(text);
    page.example = example.substr(0, example.find("\n\n"));
    each_paragraph(text, [&](std::string_view paragraph) { page.parts.push_back(part_of(paragraph)); });
    return page;
  }
  return std::nullopt;
}

const std::vector<GlossaryEntry>& glossary() {
  static const std::vector<GlossaryEntry> kEntries = read_glossary();
  return kEntries;
}

}  // namespace whyhung::report
