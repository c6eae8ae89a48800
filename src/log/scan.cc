// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/scan.h"

#include <algorithm>

namespace whyhung::log {
namespace {

constexpr std::uint64_t kLargest = UINT64_MAX / 16 - 16;

// The literal that a pattern has from `at` on: up to its next mark or blank.
std::string_view literal_at(std::string_view pattern, std::size_t at) {
  std::size_t end = at;
  while (end < pattern.size() && pattern[end] != '%' && pattern[end] != ' ') ++end;
  return pattern.substr(at, end - at);
}

struct Matching {
  std::string_view line;
  std::string_view pattern;
  Match result;
  std::size_t texts = 0;
  std::size_t numbers = 0;
  std::size_t tasks = 0;

  // Where free text ends: before the literal that follows the mark, or at the end of the line.
  std::optional<std::string_view> take_free_text(std::size_t next) {
    std::size_t at = next;
    const bool blank = at < pattern.size() && pattern[at] == ' ';
    if (blank) ++at;
    const std::string_view literal = literal_at(pattern, at);
    if (literal.empty() && !blank) {
      const std::string_view all = line;
      line = {};
      return all;
    }
    std::size_t from = 0;
    while (true) {
      const std::size_t found = literal.empty() ? line.find(' ', from) : line.find(literal, from);
      if (found == std::string_view::npos) return std::nullopt;
      if (!blank || literal.empty() || (found > 0 && is_blank(line[found - 1]))) {
        std::size_t end = found;
        while (blank && end > 0 && is_blank(line[end - 1])) --end;
        const std::string_view text = line.substr(0, end);
        line.remove_prefix(end);
        return text;
      }
      from = found + 1;
    }
  }

  bool mark(char kind, std::size_t next) {
    if (kind == 'd' || kind == 'x') {
      const auto value = kind == 'd' ? take_number(line) : take_hex(line);
      if (!value || numbers == Match::kMost) return false;
      result.number[numbers++] = *value;
      return true;
    }
    if (kind == 'w') {
      const std::string_view literal = next < pattern.size() ? literal_at(pattern, next) : std::string_view();
      std::string_view word = take_word(line);
      if (!literal.empty()) {
        const std::size_t end = word.rfind(literal);
        if (end == std::string_view::npos) return false;
        line = std::string_view(word.data() + end,
                                static_cast<std::size_t>(line.data() + line.size() - word.data()) - end);
        word = word.substr(0, end);
      }
      if (word.empty() || texts == Match::kMost) return false;
      result.text[texts++] = word;
      return true;
    }
    const auto text = take_free_text(next);
    if (!text) return false;
    if (kind == 's') {
      if (texts == Match::kMost) return false;
      result.text[texts++] = *text;
      return true;
    }
    const auto task = split_task(*text);
    if (!task || tasks == result.task.size()) return false;
    result.task[tasks++] = *task;
    return true;
  }

  bool run() {
    for (std::size_t i = 0; i < pattern.size();) {
      if (pattern[i] == '%') {
        if (!mark(pattern[i + 1], i + 2)) return false;
        i += 2;
      } else if (pattern[i] == ' ') {
        if (!take_blanks(line)) return false;
        ++i;
      } else {
        const std::string_view literal = literal_at(pattern, i);
        if (!take(line, literal)) return false;
        i += literal.size();
      }
    }
    result.rest = line;
    return true;
  }
};

}  // namespace

std::string_view trimmed_left(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}

std::string_view trimmed(std::string_view text) {
  text = trimmed_left(text);
  while (!text.empty() && (is_blank(text.back()) || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

bool take(std::string_view& text, std::string_view literal) {
  if (!text.starts_with(literal)) return false;
  text.remove_prefix(literal.size());
  return true;
}

bool take_blanks(std::string_view& text) {
  if (text.empty() || !is_blank(text.front())) return false;
  text = trimmed_left(text);
  return true;
}

std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t value = 0;
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) {
    if (value > kLargest) return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(text[count++] - '0');
  }
  if (count == 0) return std::nullopt;
  text.remove_prefix(count);
  return value;
}

std::optional<std::uint64_t> take_hex(std::string_view& text) {
  std::string_view rest = text;
  take(rest, "0x");
  std::uint64_t value = 0;
  std::size_t count = 0;
  while (count < rest.size() && is_hex_digit(rest[count])) {
    if (count == 16) return std::nullopt;
    const char c = rest[count++];
    const auto digit = is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
    value = value << 4 | static_cast<std::uint64_t>(digit);
  }
  if (count == 0) return std::nullopt;
  rest.remove_prefix(count);
  text = rest;
  return value;
}

std::string_view take_word(std::string_view& text) {
  const auto end = std::ranges::find_if(text, is_blank);
  const auto word = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(word.size());
  return word;
}

std::optional<NamedTask> split_task(std::string_view text, char separator) {
  const std::size_t colon = text.rfind(separator);
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view digits = trimmed_left(text.substr(colon + 1));
  const auto pid = take_number(digits);
  if (!pid || *pid > UINT32_MAX || !trimmed(digits).empty()) return std::nullopt;
  return NamedTask{trimmed(text.substr(0, colon)), static_cast<std::uint32_t>(*pid)};
}

std::optional<Match> match(std::string_view line, std::string_view pattern) {
  const std::string_view first = literal_at(pattern, 0);
  std::size_t from = 0;
  // A line that repeats the first literal is tried a few times and not at each of its bytes.
  for (int tries = 0; tries < 8; ++tries) {
    const std::size_t found = line.find(first, from);
    if (found == std::string_view::npos) return std::nullopt;
    Matching matching{line.substr(found), pattern, {}};
    if (matching.run()) return matching.result;
    from = found + std::max<std::size_t>(first.size(), 1);
  }
  return std::nullopt;
}

}  // namespace whyhung::log
