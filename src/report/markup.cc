// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/markup.h"

#include "base/text.h"

namespace whyhung::report {

std::string markup(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character character = first_character(text);
    const std::size_t length = character.length == 0 ? 1 : character.length;
    const char32_t code = character.code;
    const bool is_control = code < 0x20 && code != '\n' && code != '\t';
    if (character.length == 0 || is_control || (code >= 0xfffe && code <= 0xffff)) {
      out += '?';
    } else if (code == '&') {
      out += "&amp;";
    } else if (code == '<') {
      out += "&lt;";
    } else if (code == '>') {
      out += "&gt;";
    } else if (code == '"') {
      out += "&quot;";
    } else if (code == '\'') {
      out += "&#39;";
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace whyhung::report
