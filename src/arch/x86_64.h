// SPDX-License-Identifier: GPL-2.0-or-later
// x86_64: the indexes of its registers in a RegisterSet. The order is that of struct pt_regs, then the segment bases.
#pragma once

#include "arch/architecture.h"

namespace whyhung::arch {

namespace x86 {
enum Register : std::size_t {
  kR15,
  kR14,
  kR13,
  kR12,
  kRbp,
  kRbx,
  kR11,
  kR10,
  kR9,
  kR8,
  kRax,
  kRcx,
  kRdx,
  kRsi,
  kRdi,
  kOrigRax,
  kRip,
  kCs,
  kRflags,
  kRsp,
  kSs,
  kFsBase,
  kGsBase,
  kRegisterCount
};
inline constexpr std::uint64_t kInterruptFlag = 1u << 9;
}  // namespace x86

extern const Architecture kX86_64;

}  // namespace whyhung::arch
