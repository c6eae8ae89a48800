// SPDX-License-Identifier: GPL-2.0-or-later
// RISC-V instructions of 64-bit machines as far as loops and frames are made of them: jumps, memory accesses,
// constants, and which registers an instruction reads and writes. Of floating point and vectors only the accesses to
// memory.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "arch/disassembler.h"

namespace whyhung::arch {

enum class RiscvKind : std::uint8_t {
  kOther,                // nothing that these readers know: rd may be written
  kArithmetic,           // rd from rs1 and rs2
  kArithmeticImmediate,  // rd from rs1 and immediate
  kControl,              // rd from and rs1 to the control register whose number is the immediate
  kLoad,
  kStore,
  kAtomic,
  kAddImmediate,  // rd = rs1 + immediate; of x0: a constant
  kAdd,           // rd = rs1 + rs2
  kUpper,         // lui: rd = immediate
  kUpperOfPc,     // auipc: rd = its own address + immediate
  kBranch,
  kJump,          // jal
  kJumpRegister,  // jalr: to rs1 + immediate
  kTrapReturn,    // sret, mret
  kTrap,          // ebreak, and the code of all zeros
};

// Registers are x1 … x31; 0 means none, since x0 can neither be changed nor tell anything.
struct RiscvInstruction {
  std::uint8_t size = 0;  // 2 or 4 bytes
  RiscvKind kind = RiscvKind::kOther;
  std::uint8_t rd = 0;
  std::uint8_t rs1 = 0;  // of memory accesses the base
  std::uint8_t rs2 = 0;
  std::uint8_t width = 0;      // bytes that a memory access moves
  std::int64_t immediate = 0;  // of jumps the distance from their own address
  std::string_view name;       // as assemblers write it, of a compressed instruction the whole one's; empty: not known

  // x1, and x5 as the calling convention's second.
  static bool is_link(std::uint8_t reg) { return reg == 1 || reg == 5; }
  bool is_call() const { return (kind == RiscvKind::kJump || kind == RiscvKind::kJumpRegister) && is_link(rd); }
  Flow flow() const;
};

// Nothing when `code` holds no whole instruction of 2 or 4 bytes.
std::optional<RiscvInstruction> decode_riscv(std::span<const std::byte> code);

}  // namespace whyhung::arch
