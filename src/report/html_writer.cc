// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/html_writer.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <ostream>

#include <fmt/format.h>

#include "report/marks.h"
#include "report/markup.h"

namespace whyhung::report {
namespace {

bool is_letter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '_' || byte >= 0x80;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// Of how many letters the glossary's words are made at most: one word of it may be several of the text.
struct Words {
  std::map<std::string, std::size_t, std::less<>> entries;
  std::size_t longest = 0;
};
const Words& words() {
  static const Words kWords = [] {
    Words made;
    const auto& all = glossary();
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (const std::string& word : all[i].words) {
        made.entries.emplace(lower(word), i);
        made.entries.emplace(lower(word) + "s", i);
        made.longest = std::max(made.longest, word.size() + 1);
      }
    }
    return made;
  }();
  return kWords;
}

struct Found {
  std::size_t length = 0;  // 0: none begins here
  std::size_t entry = 0;
};
// The longest word of the glossary that the text begins with.
Found word_at(std::string_view text) {
  const std::string begin = lower(text.substr(0, words().longest));
  for (std::size_t length = begin.size(); length > 1; --length) {
    if (length < text.size() && is_letter(text[length])) continue;
    const auto found = words().entries.find(std::string_view(begin).substr(0, length));
    if (found != words().entries.end()) return {length, found->second};
  }
  return {};
}

std::string id_of(std::size_t entry) {
  return fmt::format("word-{}", entry);
}

}  // namespace

HtmlWriter& HtmlWriter::raw(std::string_view html) {
  out_ << html;
  written_ += html.size();
  return *this;
}

HtmlWriter& HtmlWriter::text(std::string_view text) {
  return raw(markup(text));
}

void HtmlWriter::prose(std::string_view all) {
  std::size_t begin = 0;
  for (std::size_t at = 0; at < all.size(); ++at) {
    if (!is_letter(all[at]) || (at != 0 && is_letter(all[at - 1]))) continue;
    const Found found = word_at(all.substr(at));
    if (found.length == 0 || !linked_.insert(found.entry).second) continue;
    explained_.insert(found.entry);
    text(all.substr(begin, at - begin));
    raw(fmt::format("<a class=\"word\" href=\"#{}\" title=\"{}\">", id_of(found.entry),
                    markup(text_of(glossary()[found.entry].text))));
    text(all.substr(at, found.length)).raw("</a>");
    begin = at + found.length;
    at = begin - 1;
  }
  text(all.substr(begin));
}

HtmlWriter& HtmlWriter::inlines(const Inlines& inlines) {
  const auto element = [&](std::string_view open, const std::string& inner, std::string_view close) {
    raw(open).text(inner).raw(close);
  };
  for (const Inline& one : inlines) {
    switch (one.kind) {
      case InlineKind::kText: prose(one.text); break;
      case InlineKind::kCode: element("<code>", one.text, "</code>"); break;
      case InlineKind::kAddress: element("<code class=\"address\">", one.text, "</code>"); break;
      case InlineKind::kEmphasis: element("<em>", one.text, "</em>"); break;
      case InlineKind::kGood: element("<strong class=\"good\">", one.text, "</strong>"); break;
      case InlineKind::kBad: element("<strong class=\"bad\">", one.text, "</strong>"); break;
      case InlineKind::kDoubtful: element("<strong class=\"doubtful\">", one.text, "</strong>"); break;
    }
  }
  return *this;
}

HtmlWriter& HtmlWriter::sentence(std::string_view sentence) {
  return inlines(inlines_of(sentence));
}

void HtmlWriter::begin_folded(std::string_view summary, std::string_view name) {
  raw(name.empty() ? std::string("<details>") : fmt::format("<details class=\"{}\">", name));
  raw("<summary>").text(summary).raw("</summary>\n");
}

void HtmlWriter::write_glossary() {
  if (explained_.empty()) return;
  raw("<section id=\"words\"><h2>Words</h2>\n<dl class=\"words\">\n");
  for (const std::size_t entry : explained_) {
    std::string names;
    for (const std::string& word : glossary()[entry].words) names += (names.empty() ? "" : ", ") + word;
    raw(fmt::format("<div id=\"{}\"><dt>", id_of(entry))).text(names).raw("</dt><dd>");
    for (const Inline& one : glossary()[entry].text) {
      if (one.kind == InlineKind::kCode) {
        raw("<code>").text(one.text).raw("</code>");
      } else {
        text(one.text);
      }
    }
    raw("</dd></div>\n");
  }
  raw("</dl></section>\n");
}

}  // namespace whyhung::report
