// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/frame.h"

#include <algorithm>

namespace whyhung::log {
namespace {

std::string_view take_symbol(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && is_symbol_char(text[count])) ++count;
  if (count == 0 || is_digit(text.front())) return {};
  const auto name = text.substr(0, count);
  text.remove_prefix(count);
  return name;
}

// "[module]", "[module 0123abcd]", "[module] (P)", also "(module)".
std::string_view take_module(std::string_view& text) {
  std::string_view s = trimmed_left(text);
  if (!take(s, "[")) return {};
  std::size_t count = 0;
  while (count < s.size() && (is_symbol_char(s[count]) || s[count] == '-')) ++count;
  const auto name = s.substr(0, count);
  const std::size_t end = s.find(']');
  if (count == 0 || end == std::string_view::npos || name == "inline" || name == "inlined") return {};
  if (s[count] != ']' && s[count] != ' ') return {};
  text = s.substr(end + 1);
  return name;
}

// What architectures put before a frame: addresses in brackets, marks of doubt, numbers of debuggers.
bool take_lead(std::string_view& text, bool& unsure) {
  std::string_view s = trimmed_left(text);
  if (take(s, "#")) {
    if (!take_number(s)) return false;
    s = trimmed_left(s);
  }
  for (int i = 0; i < 4; ++i) {
    std::string_view rest = s;
    if (take(rest, "([<") && i == 0) unsure = true;
    rest = s;
    if (take(rest, "(")) s = rest;
    rest = s;
    if (take(rest, "[<") || take(rest, "[")) {
      take(rest, "<");
      if (!take_hex(rest)) break;
      take(rest, ">");
      if (!take(rest, "]")) break;
      s = trimmed_left(rest);
      continue;
    }
    rest = s;
    if (take(rest, "?") || take(rest, "(?)")) {
      unsure = true;
      s = trimmed_left(rest);
      continue;
    }
    break;
  }
  text = s;
  return true;
}

// arm32: "(f) from [<80..>] (g+0x1/0x2 [module])", since 5.x " f from g+0x1/0x2".
std::optional<ParsedFrame> parse_pair(std::string_view s) {
  const std::size_t from = s.find(" from ");
  if (from == std::string_view::npos) return std::nullopt;
  std::string_view before = trimmed(s.substr(0, from));
  std::string_view behind = s.substr(from + 6);
  bool unsure = false;
  if (!take_lead(before, unsure) || !take_lead(behind, unsure)) return std::nullopt;
  ParsedFrame parsed;
  take(before, "(");
  parsed.inner = plain_name(take_symbol(before));
  if (parsed.inner.empty()) return std::nullopt;
  take(behind, "(");
  auto frame = take_location(behind);
  if (!frame) return std::nullopt;
  parsed.frame = *frame;
  parsed.frame.unsure = false;
  return parsed;
}

// crash's "f at ffffffff81a0" and drgn's "f (file.c:12:3)", also what decode_stacktrace.sh makes.
std::optional<Frame> take_debugger_location(std::string_view s, bool numbered) {
  Frame frame;
  frame.function = plain_name(take_symbol(s));
  if (frame.function.empty()) return std::nullopt;
  std::string_view rest = s;
  if (numbered && take_blanks(rest) && take(rest, "at ") && take_hex(rest)) {
    frame.module = take_module(rest);
    return frame;
  }
  rest = s;
  if (take(rest, "+") && take_number(rest) && take_blanks(rest) && take(rest, "at ")) return frame;  // crash bt -s
  rest = s;
  if (!take_blanks(rest) || !take(rest, "(")) return std::nullopt;
  const std::size_t close = rest.find(')');
  const std::string_view inside = rest.substr(0, close);
  for (const std::string_view kind : {".c:", ".h:", ".S:", ".rs:"}) {
    if (inside.find(kind) == std::string_view::npos) continue;
    if (close != std::string_view::npos) rest.remove_prefix(close + 1);
    frame.module = take_module(rest);
    return frame;
  }
  return std::nullopt;
}

}  // namespace

std::string_view plain_name(std::string_view function) {
  const std::size_t dot = function.find('.', 1);
  return function.substr(0, dot);
}

std::optional<Frame> take_location(std::string_view& text) {
  std::string_view s = text;
  Frame frame;
  frame.function = plain_name(take_symbol(s));
  if (frame.function.empty() || !take(s, "+0x")) return std::nullopt;
  const auto offset = take_hex(s);
  if (!offset || !take(s, "/0x") || !take_hex(s)) return std::nullopt;
  frame.offset = *offset;
  frame.module = take_module(s);
  text = s;
  return frame;
}

std::optional<ParsedFrame> parse_frame(std::string_view text) {
  if (text.size() < 4) return std::nullopt;
  if (auto pair = parse_pair(text)) return pair;
  std::string_view s = text;
  bool unsure = false;
  if (!take_lead(s, unsure)) return std::nullopt;
  const bool numbered = trimmed_left(text).starts_with('#');
  std::string_view at = s;
  if (auto frame = take_location(at)) {
    frame->unsure = unsure || at.find("(unreliable)") != std::string_view::npos;
    return ParsedFrame{*frame, {}};
  }
  if (auto frame = take_debugger_location(s, numbered)) {
    frame->unsure = unsure;
    return ParsedFrame{*frame, {}};
  }
  return std::nullopt;
}

}  // namespace whyhung::log
