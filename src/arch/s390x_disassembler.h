// SPDX-License-Identifier: GPL-2.0-or-later
// Disassembler of s390x: capstone's text, in the syntax that gdb prints; everything else is s390x_code.h's. What
// capstone does not know keeps its place as ".insn" with its bytes.
#pragma once

#include <memory>

#include "arch/disassembler.h"

namespace whyhung::arch {

// Null when capstone was built without this machine.
std::unique_ptr<Disassembler> make_s390x_disassembler();

}  // namespace whyhung::arch
