// SPDX-License-Identifier: GPL-2.0-or-later
// Object: a structure of the crashed kernel at an address, its members read by name, for commands that look at many
// different ones. What is not there or cannot be read is absent, never 0.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "commands/command.h"

namespace whyhung::commands {

class Object {
 public:
  Object(const Call& call, std::string_view type, std::uint64_t address)
      : call_(&call), type_(type), address_(address) {}

  std::uint64_t address() const { return address_; }
  // The first of these members that the structure has: names change over time.
  std::optional<kernel::Field> field(std::initializer_list<std::string_view> names) const;
  bool has(std::initializer_list<std::string_view> names) const { return field(names).has_value(); }
  std::optional<std::uint64_t> number(std::initializer_list<std::string_view> names) const;
  std::optional<std::int64_t> signed_number(std::initializer_list<std::string_view> names) const;
  // A pointer that is not null.
  std::optional<std::uint64_t> pointer(std::initializer_list<std::string_view> names) const;
  // A char array's text, or the text that a pointer to char leads to.
  std::optional<std::string> text(std::initializer_list<std::string_view> names) const;
  // Where a member lies.
  std::optional<std::uint64_t> place(std::initializer_list<std::string_view> names) const;

 private:
  const Call* call_;
  std::string type_;
  std::uint64_t address_;
};

// A variable's value as an unsigned number of so many bytes.
std::optional<std::uint64_t> variable_number(const Call& call, std::string_view name, std::size_t bytes);
// The elements of a list_head list as objects: the structures that hold the nodes, without the head.
struct Elements {
  std::vector<std::uint64_t> addresses;
  std::string broken;  // empty: complete
};
Elements list_elements(const Call& call, std::uint64_t head, std::string_view type, std::string_view member);
// "(…)" for a damaged list, with its newline; empty for a whole one.
std::string broken_text(const std::string& broken);

// "value" or "?" where it is not known.
std::string shown(const std::optional<std::uint64_t>& value);
Value shown_value(const std::optional<std::uint64_t>& value);

}  // namespace whyhung::commands
