// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/value.h"

#include <cmath>

#include <fmt/format.h>

#include "base/text.h"

namespace whyhung::commands {
namespace {

void write_text(std::string_view raw, std::string& out) {
  out += '"';
  for (const char c : valid_utf8(raw)) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\t': out += "\\t"; break;
      default:
        if (byte < 0x20 || byte == 0x7f) {
          out += fmt::format("\\u{:04x}", byte);
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

}  // namespace

Value Value::address(std::uint64_t value) {
  return fmt::format("{:#x}", value);
}

Value Value::json(std::string text) {
  Value value;
  value.data_ = Raw{std::move(text)};
  return value;
}

Value& Value::set(std::string_view name, Value value) {
  if (is_null()) data_ = Object();
  std::get<Object>(data_).emplace_back(std::string(name), std::move(value));
  return *this;
}

Value& Value::push(Value value) {
  if (is_null()) data_ = Array();
  std::get<Array>(data_).push_back(std::move(value));
  return *this;
}

void Value::write(std::string& out) const {
  if (const auto* truth = std::get_if<bool>(&data_)) {
    out += *truth ? "true" : "false";
  } else if (const auto* count = std::get_if<std::uint64_t>(&data_)) {
    out += std::to_string(*count);
  } else if (const auto* number = std::get_if<std::int64_t>(&data_)) {
    out += std::to_string(*number);
  } else if (const auto* real = std::get_if<double>(&data_)) {
    out += std::isfinite(*real) ? fmt::format("{}", *real) : "null";
  } else if (const auto* text = std::get_if<std::string>(&data_)) {
    write_text(*text, out);
  } else if (const auto* raw = std::get_if<Raw>(&data_)) {
    out += raw->text;
  } else if (const auto* values = std::get_if<Array>(&data_)) {
    out += '[';
    for (const Value& value : *values) {
      if (&value != values->data()) out += ',';
      value.write(out);
    }
    out += ']';
  } else if (const auto* members = std::get_if<Object>(&data_)) {
    out += '{';
    for (const auto& member : *members) {
      if (&member != members->data()) out += ',';
      write_text(member.first, out);
      out += ':';
      member.second.write(out);
    }
    out += '}';
  } else {
    out += "null";
  }
}

}  // namespace whyhung::commands
