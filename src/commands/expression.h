// SPDX-License-Identifier: GPL-2.0-or-later
// Expressions as a C programmer writes them, over the crashed machine: numbers, symbols, casts, members, elements,
// "per_cpu_variable:2". The result knows its type and where it lies, so that it can be printed or taken apart further.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commands/command.h"
#include "commands/desk.h"

namespace whyhung::commands {

// A value, or a place in memory that holds one. `stars` are levels of pointers on top of `type`.
struct Typed {
  std::optional<debuginfo::TypeRef> type;  // absent: an integer of 64 bits
  unsigned stars = 0;
  bool in_memory = false;
  bool is_signed = true;         // of an integer without a type
  std::uint64_t address = 0;     // when in memory
  std::uint64_t value = 0;       // when not
  std::uint32_t bit_offset = 0;  // of a bit field in memory
  std::uint32_t bit_size = 0;
  bool is_pointer() const { return stars != 0; }
};

// kUsage where the text makes no sense, kNotFound for names that are not there, kUnreadable where memory is missing.
Result<Typed> evaluate(const Call& call, std::string_view text);
// The number that it comes to: of an array, a struct or a function its address.
Result<std::uint64_t> number_of(const Call& call, const Typed& value);
Result<std::uint64_t> evaluate_number(const Call& call, std::string_view text);

// An address as an argument: hexadecimal with or without 0x, a symbol, symbol+offset, a per-CPU variable with its CPU
// ("runqueues:1"), any other expression.
Result<std::uint64_t> parse_address(const Call& call, std::string_view text);
// A count: decimal, or hexadecimal with 0x.
Result<std::uint64_t> parse_count(std::string_view text, std::uint64_t most);
// "0,2-4", "a" or "all" for all possible CPUs.
Result<std::vector<std::uint32_t>> parse_cpus(const Call& call, std::string_view text);

// The member of a struct, looked for through anonymous ones too; its place counts from the start of `type`.
std::optional<debuginfo::RawMember> find_member(debuginfo::Declarations& types, std::uint64_t type,
                                                std::string_view name);
// Follows "a.b[2].c" from an object on.
Result<Typed> follow_path(const Call& call, Typed from, std::string_view path);
// The type that text names: "struct foo", "unsigned long", "u64", with stars behind it.
std::optional<Typed> parse_type(const Call& call, std::string_view text);

// The bytes of what a typed value shows; read from memory or made of the number.
Result<std::vector<std::byte>> bytes_of(const Call& call, const Typed& value);
// Its value as text, as gdb prints it.
Result<std::string> text_of(const Call& call, const Typed& value, debuginfo::Radix radix, unsigned depth = 0);
// "struct mutex *": the type of a value as C writes it.
std::string type_text(const Call& call, const Typed& value);

}  // namespace whyhung::commands
