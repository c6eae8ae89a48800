// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/transport.h"

#include <array>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "log/clock.h"
#include "log/scan.h"

namespace whyhung::log {
namespace {

constexpr std::size_t kLongestEntity = 8;

// A JSON string from behind its opening quote on; `text` is left behind the closing one.
std::string take_json_string(std::string_view& text) {
  std::string out;
  while (!text.empty() && text.front() != '"') {
    if (text.front() != '\\' || text.size() < 2) {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    const char kind = text[1];
    text.remove_prefix(2);
    switch (kind) {
      case 'n': out += '\n'; break;
      case 't': out += '\t'; break;
      case 'r': break;
      case 'b':
      case 'f': out += ' '; break;
      case 'u': {
        const auto code = parse_unsigned(text.substr(0, 4), 16);
        append_utf8(out, code ? static_cast<std::uint32_t>(*code) : '?');
        text.remove_prefix(std::min<std::size_t>(4, text.size()));
        break;
      }
      default: out += kind; break;
    }
  }
  if (!text.empty()) text.remove_prefix(1);
  return out;
}

// journalctl writes a message that is not text as an array of byte values.
std::string take_json_bytes(std::string_view& text) {
  std::string out;
  while (!text.empty() && text.front() != ']') {
    if (const auto value = take_number(text)) {
      out += static_cast<char>(*value & 0xff);
    } else {
      text.remove_prefix(1);
    }
  }
  return out;
}

std::string journal_line(std::string_view object, const std::string& message) {
  std::string line;
  if (const auto level = json_member(object, "PRIORITY")) line += fmt::format("<{}>", *level);
  auto stamp = json_member(object, "__REALTIME_TIMESTAMP");
  if (!stamp) stamp = json_member(object, "_SOURCE_REALTIME_TIMESTAMP");
  const auto micro = stamp ? parse_unsigned(*stamp, 10) : std::nullopt;
  if (micro) line += fmt::format("{:010}.{:06} ", *micro / 1'000'000 % 10'000'000'000, *micro % 1'000'000);
  const bool from_kernel = json_member(object, "_TRANSPORT").value_or("kernel") == "kernel";
  if (micro) {
    line += json_member(object, "_HOSTNAME").value_or("localhost") + " ";
    line += (from_kernel ? "kernel" : json_member(object, "SYSLOG_IDENTIFIER").value_or("program")) + ": ";
  }
  if (from_kernel) {
    const auto boot = json_member(object, "_SOURCE_MONOTONIC_TIMESTAMP");
    if (const auto uptime = boot ? parse_unsigned(*boot, 10) : std::nullopt) {
      line += fmt::format("[{:5}.{:06}] ", *uptime / 1'000'000, *uptime % 1'000'000);
    }
  }
  return line + message;
}

// A message and the time that a store has written it under. Between brackets no name of a machine or program follows:
// "blk_update_request: I/O error" is what the kernel said, and not a program of that name.
std::string behind_time(std::string_view time, std::string_view message, bool from_kernel) {
  constexpr std::size_t kHeader = 80;
  if (time.empty()) return std::string(message);
  if (from_kernel) return fmt::format("{} localhost kernel: {}", time, message);
  const bool has_header = message.substr(0, kHeader).find(" kernel: ") != std::string_view::npos;
  return has_header ? fmt::format("{} {}", time, message) : fmt::format("[{}] {}", time, message);
}

std::optional<std::string> undo_json(std::string_view line) {
  for (const std::string_view name : {"MESSAGE", "log", "message", "msg", "textPayload"}) {
    auto message = json_member(line, name);
    if (!message) continue;
    if (name == "MESSAGE") return journal_line(line, *message);
    std::string time;
    for (const std::string_view clock : {"time", "timestamp", "@timestamp", "ts"}) {
      if (auto value = json_member(line, clock)) {
        time = *value;
        break;
      }
    }
    while (!message->empty() && message->back() == '\n') message->pop_back();
    return behind_time(time, *message, false);
  }
  return std::nullopt;
}

std::vector<std::string> csv_fields(std::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') {
      if (quoted && i + 1 < line.size() && line[i + 1] == '"') {
        fields.back() += '"';
        ++i;
      } else {
        quoted = !quoted;
      }
    } else if (line[i] == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += line[i];
    }
  }
  return fields;
}

// Of a line of CSV the message, which is its longest field, behind the field that looks like a time; what the others
// say (host, program, priority) is no part of the kernel's text.
std::string undo_csv(std::string_view line) {
  const std::vector<std::string> fields = csv_fields(line);
  const auto is_time = [](const std::string& field) {
    constexpr std::size_t kLongestZone = 8;
    std::string_view rest = field;
    if (take_wall_clock(rest)) return rest.size() <= kLongestZone;
    return field.size() >= 4 && field.front() >= '0' && field.front() <= '9' && field.find(':') < 20 &&
           field.find(' ') == std::string::npos;
  };
  std::string time;
  std::string message;
  bool from_kernel = false;  // by syslog's facility, or a column that names the program
  for (const std::string& field : fields) {
    from_kernel |= field == "kern" || field == "kernel";
    if (time.empty() && is_time(field)) {
      time = field;
    } else if (field.size() >= message.size()) {
      message = field;
    }
  }
  return behind_time(time, message, from_kernel);
}

bool looks_like_csv(std::string_view line) {
  if (line.size() < 4 || line.find('"') == std::string_view::npos) return false;
  return (line.front() == '"' && line.find("echo 0 >") != 1) || line.find(",\"") != std::string_view::npos;
}

struct Entity {
  std::string_view name;
  std::string_view text;
};
constexpr std::array<Entity, 9> kEntities = {{{"&gt;", ">"},
                                              {"&lt;", "<"},
                                              {"&amp;", "&"},
                                              {"&quot;", "\""},
                                              {"&#39;", "'"},
                                              {"&#x27;", "'"},
                                              {"&#34;", "\""},
                                              {"&nbsp;", " "},
                                              {"&#43;", "+"}}};

// The length of a terminal's colour sequence at `at`, whose escape character may have been lost; 0: none.
std::size_t colour_at(std::string_view text, std::size_t at) {
  std::size_t i = at;
  const bool escape = text[i] == '\x1b';
  if (escape) ++i;
  if (i >= text.size() || text[i] != '[') return 0;
  ++i;
  const std::size_t digits = i;
  while (i < text.size() && (is_digit(text[i]) || text[i] == ';' || text[i] == '?')) ++i;
  if (i >= text.size()) return 0;
  if (escape) return is_alpha(text[i]) ? i + 1 - at : 0;
  return text[i] == 'm' && i > digits && i - digits <= 8 ? i + 1 - at : 0;
}

// rsyslog's "#011" and the literal "\t" that some exports leave.
std::size_t escape_at(std::string_view text, std::size_t at, std::string& out) {
  if (text[at] == '#' && at + 3 < text.size() + 1 && text.substr(at, 2) == "#0") {
    const auto code = parse_unsigned(text.substr(at + 1, 3), 8);
    if (text.substr(at + 1, 3).size() == 3 && code && *code < 0x20) {
      out += *code == 9 ? '\t' : *code == 10 ? '\n' : ' ';
      return 4;
    }
  }
  if (text[at] == '\\' && at + 1 < text.size() && (text[at + 1] == 't' || text[at + 1] == 'n')) {
    out += text[at + 1] == 't' ? '\t' : '\n';
    return 2;
  }
  return 0;
}

std::optional<std::string> undo_escapes(std::string_view line) {
  if (line.find_first_of("&#\\\x1b") == std::string_view::npos && line.find('m') == std::string_view::npos) {
    return std::nullopt;
  }
  std::string out;
  bool changed = false;
  for (std::size_t i = 0; i < line.size();) {
    const char c = line[i];
    std::size_t used = 0;
    if (c == '&') {
      for (const Entity& entity : kEntities) {
        if (used == 0 && line.substr(i, kLongestEntity).starts_with(entity.name)) {
          out += entity.text;
          used = entity.name.size();
        }
      }
    } else if (c == '\x1b' || c == '[') {
      used = colour_at(line, i);
    } else if (c == '#' || c == '\\') {
      used = escape_at(line, i, out);
    }
    changed |= used != 0;
    if (used == 0) {
      out += c;
      used = 1;
    }
    i += used;
  }
  if (!changed) return std::nullopt;
  return out;
}

}  // namespace

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xe0 | (code >> 12 & 0xf));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

std::optional<std::string> json_member(std::string_view object, std::string_view name) {
  std::size_t at = 0;
  while ((at = object.find(name, at)) != std::string_view::npos) {
    const std::size_t end = at + name.size();
    const bool is_key = at > 0 && object[at - 1] == '"' && end < object.size() && object[end] == '"';
    std::string_view rest = object.substr(std::min(end + 1, object.size()));
    at = end;
    if (!is_key) continue;
    rest = trimmed_left(rest);
    if (!take(rest, ":")) continue;
    rest = trimmed_left(rest);
    if (take(rest, "\"")) return take_json_string(rest);
    if (take(rest, "[")) return take_json_bytes(rest);
    const std::size_t length = std::min(rest.find_first_of(",} "), rest.size());
    return std::string(rest.substr(0, length));
  }
  return std::nullopt;
}

std::optional<std::string> undo_transport(std::string_view line) {
  const std::string_view start = trimmed_left(line);
  if (start.starts_with('{')) {
    if (auto undone = undo_json(start)) return undone;
  }
  if (looks_like_csv(start)) {
    std::string fields = undo_csv(start);
    if (auto undone = undo_escapes(fields)) return undone;
    return fields;
  }
  return undo_escapes(line);
}

}  // namespace whyhung::log
