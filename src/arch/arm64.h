// SPDX-License-Identifier: GPL-2.0-or-later
// arm64: the indexes of its registers in a RegisterSet. The order is that of struct user_pt_regs.
#pragma once

#include "arch/architecture.h"

namespace whyhung::arch {

namespace arm64 {
enum Register : std::size_t {
  kX0 = 0,
  kX19 = 19,
  kX28 = 28,
  kFramePointer = 29,  // X29
  kLink,               // X30; on the stack and in saved registers it may carry a signature
  kSp,
  kPc,
  kPstate,
  kRegisterCount
};
inline constexpr std::uint64_t kInterruptMask = 1u << 7;  // PSTATE.I: set means interrupts are off
}  // namespace arm64

extern const Architecture kArm64;

}  // namespace whyhung::arch
