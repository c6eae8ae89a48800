// SPDX-License-Identifier: GPL-2.0-or-later
// riscv64: the indexes of its registers in a RegisterSet. The order is that of struct pt_regs
// (arch/riscv/include/asm/ptrace.h); struct user_regs_struct, which notes hold, is its first 32 words.
#pragma once

#include "arch/architecture.h"

namespace whyhung::arch {

namespace riscv64 {
enum Register : std::size_t {
  kPc = 0,            // x0 is no register, so that its place is free
  kLink = 1,          // ra: x1, and so on up to x31
  kSp = 2,            // x2
  kThread = 4,        // tp: the running task, while in the kernel
  kT0 = 5,            // x5, a second link register
  kFramePointer = 8,  // s0
  kS1 = 9,            // x9
  kS2 = 18,           // x18; s3 to s11 follow
  kX31 = 31,
  kStatus,  // sstatus; a note does not have it
  kBadAddress,
  kCause,
  kOrigA0,
  kRegisterCount
};
inline constexpr std::uint64_t kInterruptsWereOn = 1u << 5;  // sstatus.SPIE: as the exception found them
inline constexpr std::uint64_t kFromKernel = 1u << 8;        // sstatus.SPP
}  // namespace riscv64

extern const Architecture kRiscv64;

}  // namespace whyhung::arch
