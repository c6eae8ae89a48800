// SPDX-License-Identifier: GPL-2.0-or-later
// Disassembler: machine code to instructions, for `dis` and for the proof of loops. The text is in the syntax that gdb
// and crash print (AT&T on x86). It is made by capstone; see riscv64_disassembler.h and s390x_disassembler.h for what
// capstone does not know.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arch/architecture.h"
#include "base/address.h"
#include "base/result.h"

namespace whyhung::arch {

// Where control goes after an instruction.
enum class Flow : std::uint8_t {
  kNext,             // to the next instruction
  kJump,             // always to the target; unknown target when indirect
  kConditionalJump,  // to the target or to the next instruction
  kCall,             // to the target, and back to the next instruction
  kReturn,           // to the caller or the interrupted code
  kStop,             // nowhere: ud2, a trap
};

// base + index * scale + displacement; registers are indexes of a RegisterSet.
struct MemoryOperand {
  std::optional<std::size_t> base;
  std::optional<std::size_t> index;
  std::int64_t scale = 1;
  std::int64_t displacement = 0;
  bool is_pc_relative = false;  // base is the program counter of the next instruction
  bool is_segmented = false;    // relative to a segment base (%gs: per-CPU data)
  bool has_unknown_register = false;
  std::uint8_t size = 0;  // bytes accessed
  bool is_read = false;
  bool is_written = false;
};

// An instruction that another one carries out in its own place (s390x: exrl).
struct ExecutedElsewhere {
  VirtualAddress address;
  bool is_changed = false;  // its second byte is mixed with a register first: a length, or what else stands there
};

struct Instruction {
  VirtualAddress address;
  std::uint8_t size = 0;
  std::string mnemonic;
  std::string operands;
  Flow flow = Flow::kNext;
  std::optional<VirtualAddress> target;  // of a direct jump or call
  std::vector<MemoryOperand> memory;
  std::vector<std::size_t> registers_read;     // RegisterSet indexes, without those that only form addresses
  std::vector<std::size_t> registers_written;  // sub-registers count as their whole register
  std::vector<std::int64_t> immediates;
  // What it puts into registers_written.front(), where that is a constant of the code: the first half of an address.
  std::optional<std::uint64_t> constant;
  // Of an indirect jump or call: it goes so many bytes behind the address in registers_read.front().
  std::optional<std::int64_t> register_distance;
  bool sets_flags = false;
  std::optional<ExecutedElsewhere> executes;  // until that is looked up, `flow` is kConditionalJump to nowhere known

  VirtualAddress end() const { return address + size; }
};

// The address that a memory operand names, when its registers are known.
std::optional<VirtualAddress> effective_address(const Instruction& instruction, const MemoryOperand& operand,
                                                const RegisterSet& registers);

class Disassembler {
 public:
  // kUnsupported when the architecture has no decoder here.
  static Result<std::unique_ptr<Disassembler>> create(const Architecture& architecture);
  virtual ~Disassembler() = default;
  // The instruction at the start of `code`; nothing when the bytes are none.
  virtual std::optional<Instruction> decode(std::span<const std::byte> code, VirtualAddress address) const = 0;
  // Told a whole function's instructions in their order: sets what only several of them together tell.
  virtual void complete(std::span<Instruction> function) const { (void)function; }
};

}  // namespace whyhung::arch
