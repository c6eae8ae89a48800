// SPDX-License-Identifier: GPL-2.0-or-later
// Colour for terminals: a style either wraps text in escape sequences of our own or leaves it as it is.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace whyhung::report {

enum class Colour : std::uint8_t { kNever, kTerminal };

class Style {
 public:
  explicit Style(Colour colour) : colour_(colour) {}
  std::string heading(std::string_view text) const { return wrap("1", text); }
  std::string bad(std::string_view text) const { return wrap("1;31", text); }
  std::string good(std::string_view text) const { return wrap("1;32", text); }
  std::string doubtful(std::string_view text) const { return wrap("1;33", text); }
  std::string quiet(std::string_view text) const { return wrap("2", text); }
  // Each line by itself: a pager forgets a colour at the end of a line.
  std::string quiet_lines(std::string_view text) const {
    std::string out;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      out += quiet(text.substr(0, end)) + "\n";
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
  }

 private:
  std::string wrap(std::string_view code, std::string_view text) const {
    if (colour_ == Colour::kNever) return std::string(text);
    return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
  }
  Colour colour_;
};

}  // namespace whyhung::report
