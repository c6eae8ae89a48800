// SPDX-License-Identifier: GPL-2.0-or-later
// Values of the crashed machine's memory written as gdb and crash print them: structures with their members by name,
// arrays with what repeats said once, text as text, enumerators and symbols by name.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "base/endian.h"
#include "debuginfo/declaration.h"

namespace whyhung::debuginfo {

// What a value means beyond its bytes.
struct ValueMeaning {
  ByteOrder order = ByteOrder::kLittle;
  // "worker_thread", "init_task+64": what lies at a kernel address; empty: nothing with a name.
  std::function<std::string(std::uint64_t)> symbol;
  // Text at an address, at most so many bytes of it, raw; nothing when it cannot be read.
  std::function<std::optional<std::string>(std::uint64_t, std::size_t)> text;
};

enum class Radix : std::uint8_t { kDecimal, kHexadecimal };

// The number in an integer, enum, boolean or pointer of `bit_size` bits (0: whole) at the start of `bytes`,
// `bit_offset` bits in; sign-extended where the type is signed. Nothing for other types and when bytes are missing.
std::optional<std::uint64_t> scalar_value(Declarations& types, std::uint64_t type, std::span<const std::byte> bytes,
                                          std::uint32_t bit_offset, std::uint32_t bit_size, ByteOrder order);
// "TASK_DEAD", "(A | B)"; empty when no enumerator and no sum of some is the value.
std::string enumerator_text(const DeclaredType& type, std::uint64_t value);

// The value of a type whose bytes are these. `depth` is that of the structure it stands in, for indentation.
std::string value_text(Declarations& types, std::uint64_t type, std::span<const std::byte> bytes,
                       const ValueMeaning& meaning, Radix radix, unsigned depth = 0);
// The same for a bit field, or for a whole member when `bit_size` is 0.
std::string member_text(Declarations& types, const RawMember& member, std::span<const std::byte> structure,
                        const ValueMeaning& meaning, Radix radix, unsigned depth);

}  // namespace whyhung::debuginfo
