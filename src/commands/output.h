// SPDX-License-Identifier: GPL-2.0-or-later
// Output: what a command says, made once for both forms: each row is a text for people and a value for programs. Only
// the form that was asked for is written, as soon as it is known.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

#include "commands/value.h"

namespace whyhung::commands {

enum class Format : std::uint8_t { kText, kJson };

class Output {
 public:
  Output(std::ostream& out, Format format) : out_(out), format_(format) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  Format format() const { return format_; }
  bool wants_text() const { return format_ == Format::kText; }
  // Text that is there for people only: headings, blank lines, remarks. With its newline.
  void heading(std::string_view text);
  // One of several results: its text with its newline, and its value.
  void row(std::string_view text, const Value& value);
  // The same; only the form that is wanted is made.
  void row(const std::function<std::string()>& text, const std::function<Value()>& value);
  // The one result of a command; its value is not put into an array.
  void record(std::string_view text, const Value& value);
  // Another command writes in this one's place.
  void give_away() { given_away_ = true; }
  // To be called once, at the end: completes the JSON.
  void finish();
  bool wrote_any() const { return wrote_; }
  std::ostream& stream() { return out_; }

 private:
  std::ostream& out_;
  Format format_;
  bool wrote_ = false;
  bool in_array_ = false;
  bool given_away_ = false;
};

}  // namespace whyhung::commands
