// SPDX-License-Identifier: GPL-2.0-or-later
// The fields of s390x instructions, and what instructions other than branches read and write.
#pragma once

#include <cstdint>
#include <span>

#include "arch/disassembler.h"
#include "base/endian.h"

namespace whyhung::arch {

// One instruction of 2, 4 or 6 bytes. Fields are counted from its beginning; none may be asked for behind its end.
class S390xFields {
 public:
  explicit S390xFields(std::span<const std::byte> code) : code_(code) {}

  std::size_t size() const { return code_.size(); }
  unsigned byte(std::size_t index) const { return std::to_integer<unsigned>(code_[index]); }
  unsigned nibble(std::size_t index) const { return index % 2 == 0 ? byte(index / 2) >> 4 : byte(index / 2) & 15; }
  std::uint16_t half(std::size_t index) const { return load<std::uint16_t>(&code_[index * 2], ByteOrder::kBig); }
  std::int64_t signed_half(std::size_t index) const { return static_cast<std::int16_t>(half(index)); }
  // The four bytes from the half word `index` on.
  std::int64_t signed_word(std::size_t index) const {
    return static_cast<std::int32_t>(load<std::uint32_t>(&code_[index * 2], ByteOrder::kBig));
  }
  // The first byte, and below it the rest of the operation's code, wherever it lies; 0 where there is none.
  std::uint16_t operation() const;

 private:
  std::span<const std::byte> code_;
};

// Fills memory, registers_read, registers_written, constant and sets_flags.
void fill_s390x_operands(const S390xFields& fields, Instruction& out);

}  // namespace whyhung::arch
