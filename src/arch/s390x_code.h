// SPDX-License-Identifier: GPL-2.0-or-later
// Instructions of s390x as far as loops and frames are made of them: lengths, branches, accesses to memory, and which
// registers an instruction reads and writes. Names are not known here, see s390x_disassembler.h.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "arch/disassembler.h"

namespace whyhung::arch {

// Bytes of an instruction, by its first two bits: 2, 4 or 6. z/Architecture Principles of Operation, "Instruction
// formats".
std::size_t s390x_instruction_size(std::byte first);

// All of an instruction but its text. Instructions that are not known keep their size, and are taken to write their
// first register and the condition code. Nothing when `code` holds no whole instruction.
//
// A branch whose condition cannot hold is none, and one that always holds is a jump. br %r14 is a return. A trap, which
// compilers write as a jump into itself, stops, and so does the monitor call of BUG() and WARN()
// (arch/s390/include/asm/bug.h).
std::optional<Instruction> decode_s390x(std::span<const std::byte> code, VirtualAddress address);

// Compilers may fetch the return address from the stack into a register of its own before they restore the others:
//   lg %r4,256(%r15)
//   lmg %r6,%r15,192(%r15)
//   br %r4
// Makes a return of each such jump in a function's instructions, where what it fetched is what lmg puts into r14.
void find_s390x_returns(std::span<Instruction> function);

}  // namespace whyhung::arch
