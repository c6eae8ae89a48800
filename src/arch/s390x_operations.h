// SPDX-License-Identifier: GPL-2.0-or-later
// The table of s390x's instructions: what those that compilers make read and write.
#pragma once

#include <cstdint>

namespace whyhung::arch {

// A set of these. The first register is R1; the last one R2, or R3 where that stands in its place; the middle one R3
// where there is R2 too. D is the operand in memory.
enum class S390xEffect : std::uint16_t {
  kReadsFirst = 1 << 0,
  kReadsLast = 1 << 1,
  kReadsMiddle = 1 << 2,
  kWritesFirst = 1 << 3,
  kWritesRange = 1 << 4,  // all registers from R1 to R3
  kTests = 1 << 5,        // sets the condition code
  kLoads = 1 << 6,        // reads D
  kStores = 1 << 7,       // writes D
  kFromMemory = 1 << 8,   // reads a second operand in memory; how long both are stands in the instruction
};
constexpr S390xEffect operator|(S390xEffect one, S390xEffect other) {
  return static_cast<S390xEffect>(static_cast<unsigned>(one) | static_cast<unsigned>(other));
}
constexpr bool has(S390xEffect set, S390xEffect one) {
  return (static_cast<unsigned>(set) & static_cast<unsigned>(one)) != 0;
}

struct S390xOperation {
  std::uint16_t code;  // see S390xFields::operation
  S390xEffect effect;
  std::uint8_t bytes = 0;  // of D; 0: told by the instruction, or there is none
};

// Null when the table does not have it.
const S390xOperation* find_s390x_operation(std::uint16_t code);

}  // namespace whyhung::arch
