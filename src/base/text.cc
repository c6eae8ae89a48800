// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/text.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace whyhung {

Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (length == 0 || lead > 0xf4 || text.size() < length) return {0, 0};
  char32_t code = lead & (0x7f >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {0, 0};
    code = code << 6 | (byte(i) & 0x3f);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  if (overlong || surrogate || code > 0x10ffff) return {0, 0};
  return {code, length};
}

namespace {

bool is_dangerous(char32_t code) {
  const bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
  const bool bidirectional = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
                             code == 0x200e || code == 0x200f || code == 0x061c;
  const bool separator = code == 0x2028 || code == 0x2029 || code == 0xfeff;
  return control || bidirectional || separator;
}

template <typename Keep>
std::string filter(std::string_view raw, Keep keep) {
  std::string out;
  out.reserve(raw.size());
  while (!raw.empty()) {
    const Character one = first_character(raw);
    const std::size_t length = one.length == 0 ? 1 : one.length;
    if (one.length != 0 && keep(one.code)) {
      out.append(raw.substr(0, length));
    } else {
      for (const char c : raw.substr(0, length)) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
    raw.remove_prefix(length);
  }
  return out;
}

template <typename Integer>
std::optional<Integer> parse(std::string_view text, int base) {
  Integer value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string printable(std::string_view raw) {
  return filter(raw, [](char32_t code) { return !is_dangerous(code); });
}

std::string printable_lines(std::string_view raw) {
  return filter(raw, [](char32_t code) { return code == '\n' || code == '\t' || !is_dangerous(code); });
}

std::string valid_utf8(std::string_view raw) {
  return filter(raw, [](char32_t) { return true; });
}

bool matches_pattern(std::string_view pattern, std::string_view name) {
  if (pattern.ends_with('*')) return name.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == name;
}
bool matches_any(std::span<const std::string_view> patterns, std::string_view name) {
  return std::ranges::any_of(patterns, [&](std::string_view pattern) { return matches_pattern(pattern, name); });
}

std::optional<std::uint64_t> parse_unsigned(std::string_view text, int base) {
  return parse<std::uint64_t>(text, base);
}
std::optional<std::int64_t> parse_signed(std::string_view text, int base) {
  return parse<std::int64_t>(text, base);
}

}  // namespace whyhung
