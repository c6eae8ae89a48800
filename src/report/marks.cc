// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/marks.h"

#include <algorithm>

namespace whyhung::report {
namespace {

constexpr char kBegin = '\x0e';
constexpr char kEnd = '\x0f';

bool is_hex_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

void add(Inlines& out, InlineKind kind, std::string_view text) {
  if (!text.empty()) out.push_back({kind, std::string(text)});
}

// Text in which addresses stand.
void add_text(Inlines& out, std::string_view text) {
  while (true) {
    std::size_t at = text.find("0x");
    while (at != std::string_view::npos && at + 2 < text.size() && !is_hex_digit(text[at + 2]))
      at = text.find("0x", at + 2);
    if (at == std::string_view::npos || at + 2 >= text.size()) break;
    const auto end = std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(at) + 2, text.end(), is_hex_digit);
    const auto length = static_cast<std::size_t>(end - text.begin()) - at;
    add(out, InlineKind::kText, text.substr(0, at));
    add(out, InlineKind::kAddress, text.substr(at, length));
    text.remove_prefix(at + length);
  }
  add(out, InlineKind::kText, text);
}

}  // namespace

std::string code(std::string_view name) {
  return name.empty() ? std::string() : kBegin + std::string(name) + kEnd;
}

Inlines inlines_of(std::string_view sentence) {
  Inlines out;
  while (!sentence.empty()) {
    const std::size_t begin = std::min(sentence.find(kBegin), sentence.size());
    add_text(out, sentence.substr(0, begin));
    sentence.remove_prefix(std::min(begin + 1, sentence.size()));
    const std::size_t end = std::min(sentence.find(kEnd), sentence.size());
    add(out, InlineKind::kCode, sentence.substr(0, end));
    sentence.remove_prefix(std::min(end + 1, sentence.size()));
  }
  return out;
}

std::string plain(std::string_view sentence) {
  std::string text(sentence);
  std::erase_if(text, [](char c) { return c == kBegin || c == kEnd; });
  return text;
}

std::string text_of(const Inlines& inlines) {
  std::string text;
  for (const Inline& one : inlines) text += one.text;
  return text;
}

}  // namespace whyhung::report
