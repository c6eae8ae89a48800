// SPDX-License-Identifier: GPL-2.0-or-later
// Small tools for taking a line of a log apart. Nothing here allocates, and no line makes them slower than its length.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace whyhung::log {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t';
}
constexpr bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
// What a name of the kernel's symbol table is made of.
constexpr bool is_symbol_char(char c) {
  return is_alpha(c) || is_digit(c) || c == '_' || c == '.' || c == '$';
}

std::string_view trimmed(std::string_view text);
std::string_view trimmed_left(std::string_view text);

// Each takes what it is named after off the front of `text`; false (and `text` as it was) when something else is there.
bool take(std::string_view& text, std::string_view literal);
bool take_blanks(std::string_view& text);  // one or more
std::optional<std::uint64_t> take_number(std::string_view& text);
std::optional<std::uint64_t> take_hex(std::string_view& text);  // with or without 0x
std::string_view take_word(std::string_view& text);             // up to the next blank; empty at a blank

// "name:123": the number is what follows the last colon, because names hold colons themselves.
struct NamedTask {
  std::string_view comm;
  std::uint32_t pid = 0;
};
std::optional<NamedTask> split_task(std::string_view text, char separator = ':');

// What a pattern found. `text` and `number` are filled in the order of the pattern's marks.
struct Match {
  static constexpr std::size_t kMost = 10;
  std::array<std::string_view, kMost> text;
  std::array<std::uint64_t, kMost> number{};
  std::array<NamedTask, 3> task;
  std::string_view rest;  // behind the match
};

// Looks for `pattern` anywhere in `line`. Marks: %d decimal, %x hexadecimal, %w a word without blanks, %s anything up
// to what follows, %t a task as "comm:pid". A blank of the pattern stands for one or more blanks or tabs.
std::optional<Match> match(std::string_view line, std::string_view pattern);

}  // namespace whyhung::log
