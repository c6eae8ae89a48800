// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/markdown.h"

#include <algorithm>
#include <ostream>

#include <fmt/format.h>

#include "report/marks.h"

namespace whyhung::report {
namespace {

std::string escaped(std::string_view text) {
  constexpr std::string_view kSpecial = "\\`*_[]<>#|~&@!$";
  std::string out;
  for (const char c : text) {
    if (kSpecial.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// More backticks than stand anywhere in the text, and three at least.
std::string fence_for(std::string_view text) {
  std::size_t longest = 2;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return std::string(longest + 1, '`');
}

void write_rows(std::ostream& out, const std::vector<Screen::Row>& rows) {
  for (const Screen::Row& row : rows) {
    if (row.text.empty()) continue;
    const std::string label = row.label.empty() ? std::string() : fmt::format("**{}** ", escaped(row.label));
    out << "- " << label << escaped(plain(row.text)) << "\n";
  }
}

void write_block(std::ostream& out, std::string_view text) {
  const std::string fence = fence_for(text);
  out << fence << "text\n" << text << (text.ends_with('\n') ? "" : "\n") << fence << "\n";
}

}  // namespace

void write_markdown(std::ostream& out, const Screen& screen, std::string_view title, std::string_view page) {
  if (!title.empty()) out << "### " << escaped(title) << "\n\n";
  out << fmt::format("**{}** {} ({})\n\n", words_of(screen.status), escaped(plain(screen.headline)),
                     escaped(screen.sureness));
  write_rows(out, screen.rows);
  std::string stacks;
  for (const Screen::Stack& stack : screen.stacks) {
    stacks += (stacks.empty() ? "" : "\n") + stack.heading + "\n";
    for (const std::string& frame : stack.frames) stacks += " " + frame + "\n";
    if (stack.left_out != 0) stacks += fmt::format(" {} more\n", stack.left_out);
  }
  if (!stacks.empty()) {
    out << "\n";
    write_block(out, stacks);
    out << "\n";
  }
  write_rows(out, screen.more_rows);
  out << "\n";
  for (const std::string& piece : screen.footer) {
    if (!piece.empty()) out << escaped(piece) << "  \n";
  }
  out << "\n<details><summary>The whole report</summary>\n\n";
  write_block(out, page);
  out << "\n</details>\n";
}

}  // namespace whyhung::report
