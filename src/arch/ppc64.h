// SPDX-License-Identifier: GPL-2.0-or-later
// ppc64le: the indexes of its registers in a RegisterSet. The order is that of struct pt_regs and of an NT_PRSTATUS.
#pragma once

#include "arch/architecture.h"

namespace whyhung::arch {

namespace ppc64 {
enum Register : std::size_t {
  kR0 = 0,
  kR1 = 1,    // stack pointer
  kR13 = 13,  // the CPU's paca while in the kernel
  kR31 = 31,
  kNip = 32,
  kMsr,
  kOrigR3,
  kCtr,
  kLink,
  kXer,
  kCcr,
  kSoftMask,  // of interrupts: struct pt_regs calls it softe, crash MQ
  kTrap,
  kDar,
  kDsisr,
  kResult,
  kRegisterCount
};
inline constexpr std::uint64_t kExternalInterrupts = 1u << 15;  // MSR[EE]
inline constexpr std::uint64_t kProblemState = 1u << 14;        // MSR[PR]: user mode
inline constexpr std::uint64_t kRelocation = 1u << 5;           // MSR[IR]: instruction addresses are virtual
}  // namespace ppc64

extern const Architecture kPpc64le;

}  // namespace whyhung::arch
