// SPDX-License-Identifier: GPL-2.0-or-later
// Printable text in the columns of a terminal: how many it takes, and how it is cut and wrapped to fit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace whyhung {

// Wide characters (of East Asia, pictures) take two columns, marks that combine with the one before none.
std::size_t columns_of(std::string_view text);

// The text, or as much of its beginning as fits in `width` columns with ".." behind it.
std::string cut_to(std::string_view text, std::size_t width);

// The text with blanks behind it, so that it takes `width` columns at least.
std::string padded(std::string text, std::size_t width);

enum class LongWords : std::uint8_t { kKeep, kBreak };
// The text in lines of at most `width` columns, broken at blanks. A word that is wider than that is kept, to be
// copied, or broken too.
std::vector<std::string> wrapped(std::string_view text, std::size_t width, LongWords long_words);
// The same as one text: `first` before the first line, `indent` before the others, a newline behind each.
std::string paragraph(std::string_view text, std::size_t width, std::string_view first, std::string_view indent);

// For terminals that know nothing else: each other character becomes as many '?' as it takes columns, and a dash a
// hyphen.
std::string ascii_of(std::string_view text);

}  // namespace whyhung
