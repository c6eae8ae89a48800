// SPDX-License-Identifier: GPL-2.0-or-later
// Disassembler of riscv64: the integer instructions, in the syntax that gdb prints. Others keep their place as ".insn"
// with their code.
#pragma once

#include <memory>

#include "arch/disassembler.h"

namespace whyhung::arch {

std::unique_ptr<Disassembler> make_riscv64_disassembler();

}  // namespace whyhung::arch
