// SPDX-License-Identifier: GPL-2.0-or-later
// s390x: the indexes of its registers in a RegisterSet. The order is that of s390_regs (arch/s390/include/uapi/asm/
// ptrace.h), which notes hold; struct pt_regs has one word before it.
#pragma once

#include "arch/architecture.h"

namespace whyhung::arch {

namespace s390x {
enum Register : std::size_t {
  kPswMask = 0,
  kPc,  // the address of the program status word
  kR0,
  kR6 = kR0 + 6,
  kR14 = kR0 + 14,  // the return address where a function begins
  kSp = kR0 + 15,
  kRegisterCount
};
inline constexpr std::uint64_t kProblemState = std::uint64_t{1} << 48;  // of the mask: user mode
inline constexpr std::uint64_t kInterrupts = std::uint64_t{3} << 56;    // of I/O, and external ones
inline constexpr std::uint64_t kWaitState = std::uint64_t{1} << 49;
}  // namespace s390x

extern const Architecture kS390x;

}  // namespace whyhung::arch
