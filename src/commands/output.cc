// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/output.h"

#include <ostream>

namespace whyhung::commands {

void Output::heading(std::string_view text) {
  if (format_ == Format::kText) out_ << text;
}

void Output::row(std::string_view text, const Value& value) {
  if (format_ == Format::kText) {
    out_ << text;
  } else {
    out_ << (in_array_ ? ",\n" : "[\n") << value.dump();
    in_array_ = true;
  }
  wrote_ = true;
}

void Output::row(const std::function<std::string()>& text, const std::function<Value()>& value) {
  if (format_ == Format::kText) {
    row(text(), Value());
  } else {
    row(std::string_view(), value());
  }
}

void Output::record(std::string_view text, const Value& value) {
  if (format_ == Format::kText) {
    out_ << text;
  } else {
    out_ << value.dump();
  }
  wrote_ = true;
}

void Output::finish() {
  if (format_ == Format::kText || given_away_) return;
  if (in_array_) out_ << "]";
  if (!wrote_) out_ << "[]";
}

}  // namespace whyhung::commands
