// SPDX-License-Identifier: GPL-2.0-or-later
#include "arch/riscv64_disassembler.h"

#include "arch/riscv64.h"
#include "arch/riscv64_code.h"

namespace whyhung::arch {
namespace {

std::string_view name_of(std::uint8_t reg) {
  return reg == 0 ? "zero" : kRiscv64.register_names[reg];
}

std::string without_name(std::span<const std::byte> code, std::size_t size) {
  if (size == 2) return fmt::format("{:#06x}", load<std::uint16_t>(code.data(), ByteOrder::kLittle));
  return fmt::format("{:#010x}", load<std::uint32_t>(code.data(), ByteOrder::kLittle));
}

struct Text {
  std::string mnemonic;
  std::string operands;
};

Text text_of_jump(const RiscvInstruction& one, VirtualAddress address) {
  const std::uint64_t target = address.value + static_cast<std::uint64_t>(one.immediate);
  if (one.kind == RiscvKind::kBranch) {
    if (one.rs2 == 0) return {fmt::format("{}z", one.name), fmt::format("{},{:#x}", name_of(one.rs1), target)};
    return {std::string(one.name), fmt::format("{},{},{:#x}", name_of(one.rs1), name_of(one.rs2), target)};
  }
  if (one.kind == RiscvKind::kJump) {
    if (one.rd == 0) return {"j", fmt::format("{:#x}", target)};
    if (one.rd == riscv64::kLink) return {"jal", fmt::format("{:#x}", target)};
    return {"jal", fmt::format("{},{:#x}", name_of(one.rd), target)};
  }
  const bool is_plain = one.immediate == 0;
  if (one.rd == 0 && one.rs1 == riscv64::kLink && is_plain) return {"ret", {}};
  const std::string place =
      is_plain ? std::string(name_of(one.rs1)) : fmt::format("{}({})", one.immediate, name_of(one.rs1));
  if (one.rd == 0) return {"jr", place};
  if (one.rd == riscv64::kLink) return {"jalr", place};
  return {"jalr", fmt::format("{},{}", name_of(one.rd), place)};
}

Text text_of(const RiscvInstruction& one, VirtualAddress address) {
  const std::string name(one.name);
  switch (one.kind) {
    case RiscvKind::kLoad: return {name, fmt::format("{},{}({})", name_of(one.rd), one.immediate, name_of(one.rs1))};
    case RiscvKind::kStore: return {name, fmt::format("{},{}({})", name_of(one.rs2), one.immediate, name_of(one.rs1))};
    case RiscvKind::kAtomic:
      if (one.rs2 == 0 && name.starts_with("lr")) {
        return {name, fmt::format("{},({})", name_of(one.rd), name_of(one.rs1))};
      }
      return {name, fmt::format("{},{},({})", name_of(one.rd), name_of(one.rs2), name_of(one.rs1))};
    case RiscvKind::kAddImmediate:
      if (one.rd == 0) return {"nop", {}};
      if (one.rs1 == 0) return {"li", fmt::format("{},{}", name_of(one.rd), one.immediate)};
      if (one.immediate == 0) return {"mv", fmt::format("{},{}", name_of(one.rd), name_of(one.rs1))};
      return {name, fmt::format("{},{},{}", name_of(one.rd), name_of(one.rs1), one.immediate)};
    case RiscvKind::kArithmeticImmediate:
      return {name, fmt::format("{},{},{}", name_of(one.rd), name_of(one.rs1), one.immediate)};
    case RiscvKind::kControl: {
      // The forms with a constant in place of the register do not keep it.
      const std::string from = name.ends_with('i') ? "…" : std::string(name_of(one.rs1));
      return {name, fmt::format("{},{:#x},{}", name_of(one.rd), one.immediate, from)};
    }
    case RiscvKind::kAdd:
      if (one.rs1 == 0) return {"mv", fmt::format("{},{}", name_of(one.rd), name_of(one.rs2))};
      [[fallthrough]];
    case RiscvKind::kArithmetic:
      return {name, fmt::format("{},{},{}", name_of(one.rd), name_of(one.rs1), name_of(one.rs2))};
    case RiscvKind::kUpper:
    case RiscvKind::kUpperOfPc: return {name, fmt::format("{},{:#x}", name_of(one.rd), one.immediate >> 12 & 0xfffff)};
    case RiscvKind::kBranch:
    case RiscvKind::kJump:
    case RiscvKind::kJumpRegister: return text_of_jump(one, address);
    case RiscvKind::kTrapReturn:
    case RiscvKind::kTrap:
    case RiscvKind::kOther: return {name, {}};
  }
  return {name, {}};
}

class Riscv64Disassembler final : public Disassembler {
 public:
  std::optional<Instruction> decode(std::span<const std::byte> code, VirtualAddress address) const override {
    const auto one = decode_riscv(code);
    if (!one) return std::nullopt;
    Instruction out;
    out.address = address;
    out.size = one->size;
    if (one->name.empty()) {
      out.mnemonic = ".insn";
      out.operands = without_name(code, one->size);
    } else {
      Text text = text_of(*one, address);
      out.mnemonic = std::move(text.mnemonic);
      out.operands = std::move(text.operands);
    }
    fill(*one, out);
    return out;
  }

 private:
  static void fill(const RiscvInstruction& one, Instruction& out) {
    out.flow = one.flow();
    const bool is_memory =
        one.kind == RiscvKind::kLoad || one.kind == RiscvKind::kStore || one.kind == RiscvKind::kAtomic;
    if (is_memory) {
      MemoryOperand memory;
      if (one.rs1 != 0) memory.base = one.rs1;
      memory.displacement = one.immediate;
      memory.size = one.width;
      memory.is_read = one.kind != RiscvKind::kStore;
      memory.is_written = one.kind != RiscvKind::kLoad;
      out.memory.push_back(memory);
    } else if (one.rs1 != 0) {
      out.registers_read.push_back(one.rs1);
    }
    if (one.rs2 != 0) out.registers_read.push_back(one.rs2);
    if (one.rd != 0) out.registers_written.push_back(one.rd);
    const auto amount = static_cast<std::uint64_t>(one.immediate);
    if (one.kind == RiscvKind::kUpperOfPc) out.constant = out.address.value + amount;
    if (one.kind == RiscvKind::kUpper) out.constant = amount;
    if (one.kind == RiscvKind::kJumpRegister) out.register_distance = one.immediate;
    if (one.kind == RiscvKind::kJump || one.kind == RiscvKind::kBranch) out.target = out.address + amount;
    const bool has_immediate = one.kind == RiscvKind::kAddImmediate || one.kind == RiscvKind::kArithmeticImmediate;
    if (has_immediate) out.immediates.push_back(one.immediate);
  }
};

}  // namespace

std::unique_ptr<Disassembler> make_riscv64_disassembler() {
  return std::make_unique<Riscv64Disassembler>();
}

}  // namespace whyhung::arch
