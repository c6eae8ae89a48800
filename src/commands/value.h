// SPDX-License-Identifier: GPL-2.0-or-later
// Value: what a command found, as JSON will show it. Its header costs no JSON library, so that every command can have
// it. Addresses and raw words are strings "0x…": JSON numbers are exact only up to 2^53.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace whyhung::commands {

class Value {
 public:
  using Array = std::vector<Value>;
  using Object = std::vector<std::pair<std::string, Value>>;

  Value() = default;                   // null
  Value(bool truth) : data_(truth) {}  // NOLINT: a fact is a value
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) Value(T number) : data_(static_cast<std::uint64_t>(number)) {}  // NOLINT: likewise
  template <std::signed_integral T>
  Value(T number) : data_(static_cast<std::int64_t>(number)) {}  // NOLINT: likewise
  Value(double number) : data_(number) {}                        // NOLINT: likewise
  // Texts are raw: bytes that are not UTF-8 are escaped when they are written.
  Value(std::string text) : data_(std::move(text)) {}         // NOLINT: likewise
  Value(std::string_view text) : data_(std::string(text)) {}  // NOLINT: likewise
  Value(const char* text) : data_(std::string(text)) {}       // NOLINT: likewise
  Value(Array values) : data_(std::move(values)) {}           // NOLINT: likewise
  Value(Object members) : data_(std::move(members)) {}        // NOLINT: likewise
  static Value object() { return Value(Object()); }
  static Value array() { return Value(Array()); }
  static Value address(std::uint64_t value);  // "0x…"
  // A text that is JSON already.
  static Value json(std::string text);

  // Adds a member to an object; null becomes one.
  Value& set(std::string_view name, Value value);
  // Adds an element to an array; null becomes one.
  Value& push(Value value);
  bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
  const Object* members() const { return std::get_if<Object>(&data_); }
  void write(std::string& out) const;
  std::string dump() const {
    std::string out;
    write(out);
    return out;
  }

 private:
  struct Raw {
    std::string text;
  };
  std::variant<std::monostate, bool, std::uint64_t, std::int64_t, double, std::string, Array, Object, Raw> data_;
};

}  // namespace whyhung::commands
