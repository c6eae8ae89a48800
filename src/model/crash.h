// SPDX-License-Identifier: GPL-2.0-or-later
// What made the kernel panic, as the stack of the CPU that panicked tells it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_names.h"

namespace whyhung::model {

enum class CrashKind : std::uint8_t {
  kPageFault,           // an address that is not mapped or not allowed
  kProtection,          // one that cannot be an address, or a forbidden instruction
  kInvalidInstruction,  // BUG() and its like end in one
  kDivide,
  kStackOverflow,
  kMachineCheck,  // the hardware's own report
  kOtherException,
  kOutOfMemory,
  kStackSmashed,  // a function found its stack overwritten
  kCalled,        // code called panic()
  kHangDetector,  // of the kernel: a lockup, a stall, a task that hangs
  kRequested,     // from outside: sysrq, an NMI
};

struct Crash {
  CrashKind kind = CrashKind::kCalled;
  std::uint32_t cpu = 0;
  std::uint32_t frame = 0;               // of that CPU's stack: the code that did it
  std::optional<std::uint32_t> accused;  // the frame whose code called the one that did it, where that only serves
  // The instructions around the one that did it, "0x…: mov …"; empty: the code could not be read.
  std::vector<std::string> code;
  std::optional<std::uint32_t> code_at;  // which of them it is
  std::optional<std::uint64_t> address;  // of the memory that it meant, by its registers
  bool operator==(const Crash&) const = default;
};

std::string_view name_of(CrashKind kind);
std::span<const EnumName<CrashKind>> words_of(CrashKind);

}  // namespace whyhung::model
