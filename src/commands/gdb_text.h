// SPDX-License-Identifier: GPL-2.0-or-later
// Instructions in the very form that gdb gives them on x86_64, for which the regular expressions of crash's users are
// made. Other machines' text is theirs already.
#pragma once

#include <optional>
#include <string>

#include "arch/disassembler.h"

namespace whyhung::commands {

struct GdbText {
  std::string text;                         // "mov    %rdi,%rbx"
  std::optional<VirtualAddress> refers_to;  // of an operand relative to the program counter
  bool is_patched_nop = false;              // the five bytes that ftrace leaves at a function's start
};

GdbText gdb_text(const arch::Architecture& architecture, const arch::Instruction& instruction);

}  // namespace whyhung::commands
