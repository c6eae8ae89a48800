// SPDX-License-Identifier: GPL-2.0-or-later
#include "shell/line.h"

#include <cctype>

namespace whyhung::shell {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// Where the first "|" or ">" stands that sends output away; npos: nowhere.
std::size_t find_sink(std::string_view text) {
  char quote = 0;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\\') {
      ++i;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')') {
      --depth;
    } else if (depth <= 0 && c == '|') {
      if (next != '|') return i;
      ++i;
    } else if (depth <= 0 && c == '>') {
      const bool is_arrow = i > 0 && text[i - 1] == '-';
      if (!is_arrow && next != '=') return i;
    }
  }
  return std::string_view::npos;
}

}  // namespace

Result<Line> parse_line(std::string_view text) {
  Line line;
  text = trimmed(text);
  if (text.empty() || text.front() == '#') return line;
  if (text.front() == '<') {
    line.kind = Line::Kind::kInputFile;
    line.text = trimmed(text.substr(1));
    if (line.text.empty()) return fail(ErrorKind::kUsage, "< wants a file behind it");
    return line;
  }
  if (text == "!!") {
    line.kind = Line::Kind::kRepeatLast;
    return line;
  }
  if (text.front() == '!') {
    line.text = trimmed(text.substr(1));
    line.kind = Line::Kind::kEscape;
    const bool is_number = !line.text.empty() && line.text.find_first_not_of("0123456789") == std::string::npos;
    if (is_number) line.kind = Line::Kind::kRecall;
    return line;
  }
  line.kind = Line::Kind::kCommand;
  const std::size_t at = find_sink(text);
  line.text = trimmed(text.substr(0, at));
  if (at == std::string_view::npos) return line;
  std::string_view rest = text.substr(at + 1);
  if (text[at] == '|') {
    line.sink = Line::Sink::kPipe;
  } else {
    line.sink = rest.starts_with('>') ? Line::Sink::kAppend : Line::Sink::kFile;
    if (rest.starts_with('>')) rest.remove_prefix(1);
  }
  line.target = trimmed(rest);
  if (line.target.empty()) {
    return fail(ErrorKind::kUsage, "{} wants {} behind it", text[at], text[at] == '|' ? "a program" : "a file");
  }
  if (line.text.empty()) return fail(ErrorKind::kUsage, "{} wants a command before it", text[at]);
  return line;
}

}  // namespace whyhung::shell
