// SPDX-License-Identifier: GPL-2.0-or-later
// The pieces of a page: sentences, in which the words of the glossary lead to their explanation.
#pragma once

#include <iosfwd>
#include <set>
#include <string>
#include <string_view>

#include "report/catalogue.h"
#include "report/document.h"

namespace whyhung::report {

// How the page looks: light and dark, on paper and on a telephone.
std::string_view page_style();

class HtmlWriter {
 public:
  explicit HtmlWriter(std::ostream& out) : out_(out) {}

  // Our own markup.
  HtmlWriter& raw(std::string_view html);
  // Text of any origin.
  HtmlWriter& text(std::string_view text);
  HtmlWriter& inlines(const Inlines& inlines);
  // A sentence with marks (report/marks.h).
  HtmlWriter& sentence(std::string_view sentence);
  // What takes that much room does not stop the page from being small.
  std::size_t written() const { return written_; }

  // From here on words are explained once more.
  void begin_section() { linked_.clear(); }
  // "<details><summary>…": what only some want to see.
  void begin_folded(std::string_view summary, std::string_view name = {});
  void end_folded() { raw("</details>\n"); }
  // The entries of all words that were explained.
  void write_glossary();

 private:
  // The first of each of the glossary's words becomes a link.
  void prose(std::string_view text);

  std::ostream& out_;
  std::size_t written_ = 0;
  std::set<std::size_t> linked_;     // entries, in this section
  std::set<std::size_t> explained_;  // on this page
};

}  // namespace whyhung::report
