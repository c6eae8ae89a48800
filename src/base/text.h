// SPDX-License-Identifier: GPL-2.0-or-later
// Text that comes from a dump is a stranger's: these functions make it safe to show.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace whyhung {

// The character that a text, which is not empty, begins with: one strict UTF-8 sequence, no overlong form, no
// surrogate, nothing beyond U+10FFFF. Length 0: it is not UTF-8.
struct Character {
  char32_t code;
  std::size_t length;
};
Character first_character(std::string_view text);

// Printable form for a terminal: control characters, escape sequences, C1 controls, bidirectional overrides and bytes
// that are not UTF-8 become \xNN; a backslash stays. The result holds no newline.
std::string printable(std::string_view raw);

// The same, but newlines and tabs stay: for a log message of several lines.
std::string printable_lines(std::string_view raw);

// Valid UTF-8 for JSON: bytes that are not UTF-8 become \xNN; control characters stay, the JSON writer escapes them.
std::string valid_utf8(std::string_view raw);

// Whether a name fits a pattern: the name itself, or with a trailing '*' any name that starts so.
bool matches_pattern(std::string_view pattern, std::string_view name);
bool matches_any(std::span<const std::string_view> patterns, std::string_view name);

// Strict whole-text numbers; nothing when any character is left over or the value does not fit.
std::optional<std::uint64_t> parse_unsigned(std::string_view text, int base);
std::optional<std::int64_t> parse_signed(std::string_view text, int base);

}  // namespace whyhung
