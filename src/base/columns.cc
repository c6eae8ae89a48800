// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/columns.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace whyhung {
namespace {

struct Range {
  char32_t first, last;
};
// Unicode's East Asian Width "W" and "F", in blocks: what is not assigned in one counts as the rest of it.
constexpr auto kWide = std::to_array<Range>(
    {{0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23f3},   {0x25fd, 0x25fe},
     {0x2614, 0x2615},   {0x2630, 0x2637},   {0x2648, 0x2653},   {0x267f, 0x267f},   {0x268a, 0x268f},
     {0x2693, 0x2693},   {0x26a1, 0x26a1},   {0x26aa, 0x26ab},   {0x26bd, 0x26be},   {0x26c4, 0x26c5},
     {0x26ce, 0x26ce},   {0x26d4, 0x26d4},   {0x26ea, 0x26ea},   {0x26f2, 0x26fd},   {0x2705, 0x2705},
     {0x270a, 0x270b},   {0x2728, 0x2728},   {0x274c, 0x2757},   {0x2795, 0x2797},   {0x27b0, 0x27bf},
     {0x2b1b, 0x2b1c},   {0x2b50, 0x2b55},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xa960, 0xa97f},
     {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe10, 0xfe19},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},
     {0xffe0, 0xffe6},   {0x16fe0, 0x18cff}, {0x1aff0, 0x1b2ff}, {0x1d300, 0x1d37f}, {0x1f004, 0x1f004},
     {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f19a}, {0x1f200, 0x1f6ff}, {0x1f7e0, 0x1f7f0}, {0x1f900, 0x1faff},
     {0x20000, 0x3fffd}});
constexpr auto kWithoutWidth =
    std::to_array<Range>({{0x0300, 0x036f}, {0x200b, 0x200d}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}});

template <typename Ranges>
bool is_in(const Ranges& ranges, char32_t code) {
  const auto found = std::ranges::lower_bound(ranges, code, {}, &Range::last);
  return found != ranges.end() && found->first <= code;
}

std::size_t columns_of_character(char32_t code) {
  if (code < kWithoutWidth.front().first) return 1;
  if (is_in(kWithoutWidth, code)) return 0;
  return is_in(kWide, code) ? 2 : 1;
}

struct Piece {
  std::size_t bytes = 0;
  std::size_t columns = 0;
};

// As much of a text's beginning as fits in `width` columns.
Piece fitting(std::string_view text, std::size_t width) {
  Piece piece;
  while (piece.bytes < text.size()) {
    const Character one = first_character(text.substr(piece.bytes));
    const std::size_t columns = one.length == 0 ? 1 : columns_of_character(one.code);
    if (piece.columns + columns > width) break;
    piece.columns += columns;
    piece.bytes += std::max<std::size_t>(one.length, 1);
  }
  return piece;
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  return fitting(text, text.size() * 2).columns;
}

std::string cut_to(std::string_view text, std::size_t width) {
  constexpr std::string_view kMark = "..";
  if (fitting(text, width).bytes == text.size()) return std::string(text);
  if (width < kMark.size()) return std::string(width, '.');
  std::string_view kept = text.substr(0, fitting(text, width - kMark.size()).bytes);
  while (kept.ends_with(' ')) kept.remove_suffix(1);
  return std::string(kept) + std::string(kMark);
}

std::string padded(std::string text, std::size_t width) {
  const std::size_t columns = columns_of(text);
  if (columns < width) text.append(width - columns, ' ');
  return text;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width, LongWords long_words) {
  std::vector<std::string> lines;
  std::string line;
  std::size_t column = 0;
  bool is_empty = true;
  const auto end_line = [&] {
    lines.push_back(std::move(line));
    line.clear();
    column = 0;
    is_empty = true;
  };
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    std::size_t columns = columns_of(word);
    if (!is_empty && column + 1 + columns > width) end_line();
    while (long_words == LongWords::kBreak && columns > width) {
      const Piece piece = fitting(word, std::max<std::size_t>(width, 2));
      line += word.substr(0, piece.bytes);
      word.remove_prefix(piece.bytes);
      columns -= std::min(columns, piece.columns);
      end_line();
    }
    if (!is_empty) line += ' ';
    column += columns + (is_empty ? 0 : 1);
    line += word;
    is_empty = false;
  }
  if (!is_empty || lines.empty()) end_line();
  return lines;
}

std::string paragraph(std::string_view text, std::size_t width, std::string_view first, std::string_view indent) {
  const std::size_t taken = std::max(columns_of(first), columns_of(indent));
  std::string out;
  for (const std::string& line : wrapped(text, width > taken ? width - taken : 1, LongWords::kKeep)) {
    out += out.empty() ? first : indent;
    out += line;
    out += '\n';
  }
  return out;
}

std::string ascii_of(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character one = first_character(text);
    const std::size_t length = std::max<std::size_t>(one.length, 1);
    constexpr char32_t kEnDash = 0x2013;
    if (one.length == 1) {
      out += text.front();
    } else if (one.length != 0 && one.code == kEnDash) {
      out += '-';
    } else {
      out.append(one.length == 0 ? 1 : columns_of_character(one.code), '?');
    }
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace whyhung
