// SPDX-License-Identifier: GPL-2.0-or-later
#include "arch/disassembler.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "arch/capstone_decoder.h"
#include "arch/ppc64_branch.h"
#include "base/endian.h"

namespace whyhung::arch {
namespace {

// gdb writes an operand's size into the mnemonic only where no register tells it: "mov %edi,%ebx", but "movl
// $0x0,(%rax)".
std::string without_size_suffix(std::string mnemonic) {
  constexpr std::array<std::string_view, 29> kSized = {
      "mov", "add", "sub", "and", "or",  "xor", "cmp",  "test", "lea", "push", "pop", "call", "jmp",     "ret", "inc",
      "dec", "shl", "shr", "sar", "adc", "sbb", "imul", "xchg", "not", "neg",  "bt",  "bts",  "cmpxchg", "btr"};
  const std::string_view base = std::string_view(mnemonic).substr(0, mnemonic.size() - 1);
  const bool has_suffix = std::string_view("bwlq").find(mnemonic.back()) != std::string_view::npos;
  if (has_suffix && std::ranges::find(kSized, base) != kSized.end()) mnemonic.pop_back();
  return mnemonic;
}

// Where control goes on arm64, by the instruction's own bits: the decoder does not know all branches that authenticate
// their target.
struct Arm64Flow {
  Flow flow = Flow::kNext;
  std::optional<std::uint64_t> distance;  // to the target
};
Arm64Flow arm64_flow(std::uint32_t code) {
  // A signed number of instructions in `bits` bits from `shift` on.
  const auto distance = [&](unsigned shift, unsigned bits) {
    const std::uint64_t sign = std::uint64_t{1} << (bits - 1);
    const std::uint64_t value = code >> shift & ((std::uint64_t{1} << bits) - 1);
    return ((value ^ sign) - sign) * 4;
  };
  if ((code & 0xfc000000) == 0x14000000) return {Flow::kJump, distance(0, 26)};
  if ((code & 0xfc000000) == 0x94000000) return {Flow::kCall, distance(0, 26)};
  if ((code & 0xff000000) == 0x54000000) return {Flow::kConditionalJump, distance(5, 19)};
  if ((code & 0x7e000000) == 0x34000000) return {Flow::kConditionalJump, distance(5, 19)};  // cbz, cbnz
  if ((code & 0x7e000000) == 0x36000000) return {Flow::kConditionalJump, distance(5, 14)};  // tbz, tbnz
  if ((code & 0xfe000000) == 0xd6000000) {
    const std::uint32_t kind = code >> 21 & 7;
    if (kind == 0) return {Flow::kJump, {}};
    return {kind == 1 ? Flow::kCall : Flow::kReturn, {}};
  }
  const bool traps = (code & 0xffe0001f) == 0xd4200000 || (code & 0xffe0001f) == 0xd4400000;  // brk, hlt
  if (traps || code >> 16 == 0) return {Flow::kStop, {}};
  return {};
}

class CapstoneDisassembler final : public Disassembler {
 public:
  CapstoneDisassembler(const Architecture& architecture, std::unique_ptr<CapstoneDecoder> decoder)
      : architecture_(architecture), decoder_(std::move(decoder)) {}

  std::optional<Instruction> decode(std::span<const std::byte> code, VirtualAddress address) const override {
    if (!decoder_->decode(code, address)) return undecoded(code, address);
    Instruction out;
    out.address = address;
    out.size = static_cast<std::uint8_t>(decoder_->instruction().size);
    out.mnemonic = decoder_->instruction().mnemonic;
    out.operands = decoder_->instruction().op_str;
    if (architecture_.capstone_arch == CS_ARCH_X86 && size_is_told()) out.mnemonic = without_size_suffix(out.mnemonic);
    if (architecture_.capstone_arch == CS_ARCH_PPC) {
      fill_ppc_operands(out);
      fill_ppc_flow(out, code);
      return out;
    }
    fill_registers(out);
    fill_operands(out);
    if (architecture_.capstone_arch == CS_ARCH_ARM64) {
      fill_arm64_flow(code, out);
    } else {
      fill_flow(out);
    }
    return out;
  }

 private:
  // Instructions that are newer than the decoder, where all have the same size.
  std::optional<Instruction> undecoded(std::span<const std::byte> code, VirtualAddress address) const {
    constexpr std::size_t kArm64Size = 4;
    if (architecture_.capstone_arch != CS_ARCH_ARM64 || code.size() < kArm64Size) return std::nullopt;
    Instruction out;
    out.address = address;
    out.size = kArm64Size;
    out.mnemonic = ".inst";
    out.operands = fmt::format("{:#010x}", load<std::uint32_t>(code.data(), ByteOrder::kLittle));
    fill_arm64_flow(code, out);
    return out;
  }

  void fill_arm64_flow(std::span<const std::byte> code, Instruction& out) const {
    const Arm64Flow flow = arm64_flow(load<std::uint32_t>(code.data(), ByteOrder::kLittle));
    out.flow = flow.flow;
    if (flow.distance) out.target = out.address + *flow.distance;
    // gdb and crash write addresses without the sign of a constant.
    const bool ends_in_address = out.target || out.mnemonic.starts_with("adr");
    const std::size_t sign = ends_in_address ? out.operands.rfind('#') : std::string::npos;
    if (sign != std::string::npos) out.operands.erase(sign, 1);
  }

  // An operand other than a memory reference or a constant, or none at all (ret), or a branch.
  bool size_is_told() const {
    const cs_x86& detail = decoder_->instruction().detail->x86;
    if (detail.op_count == 0 || in_group(CS_GRP_JUMP) || in_group(CS_GRP_CALL)) return true;
    for (std::size_t i = 0; i < detail.op_count; ++i) {
      if (detail.operands[i].type == X86_OP_REG) return true;
    }
    return false;
  }
  bool in_group(unsigned group) const {
    return cs_insn_group(decoder_->handle(), &decoder_->instruction(), static_cast<std::uint8_t>(group));
  }

  std::optional<std::size_t> register_index(unsigned capstone_register) const {
    const char* name = cs_reg_name(decoder_->handle(), capstone_register);
    if (name == nullptr || architecture_.find_register == nullptr) return std::nullopt;
    return architecture_.find_register(name);
  }

  bool is_flags(unsigned capstone_register) const {
    const char* name = cs_reg_name(decoder_->handle(), capstone_register);
    if (name == nullptr) return false;
    const std::string_view text(name);
    return text.ends_with("flags") || text == "nzcv" || text.starts_with("cr") || text == "cc";
  }

  void fill_registers(Instruction& out) const {
    cs_regs read;
    cs_regs written;
    std::uint8_t read_count = 0;
    std::uint8_t written_count = 0;
    if (cs_regs_access(decoder_->handle(), &decoder_->instruction(), read, &read_count, written, &written_count) !=
        CS_ERR_OK)
      return;
    for (std::size_t i = 0; i < written_count; ++i) {
      if (is_flags(written[i])) out.sets_flags = true;
      if (const auto index = register_index(written[i])) out.registers_written.push_back(*index);
    }
  }

  void fill_operands(Instruction& out) const {
    if (architecture_.capstone_arch == CS_ARCH_ARM64) fill_arm64_operands(out);
    if (architecture_.capstone_arch != CS_ARCH_X86) return;
    const cs_x86& detail = decoder_->instruction().detail->x86;
    for (std::size_t i = 0; i < detail.op_count; ++i) {
      const cs_x86_op& operand = detail.operands[i];
      if (operand.type == X86_OP_IMM) out.immediates.push_back(operand.imm);
      if (operand.type == X86_OP_REG && (operand.access & CS_AC_READ) != 0) {
        if (const auto index = register_index(operand.reg)) out.registers_read.push_back(*index);
      }
      if (operand.type == X86_OP_MEM) out.memory.push_back(x86_memory(operand));
    }
  }

  void fill_arm64_operands(Instruction& out) const {
    const cs_arm64& detail = decoder_->instruction().detail->arm64;
    out.sets_flags = out.sets_flags || detail.update_flags;
    const bool loads = out.mnemonic.starts_with("ld");
    const bool stores = out.mnemonic.starts_with("st");
    for (std::size_t i = 0; i < detail.op_count; ++i) {
      const cs_arm64_op& operand = detail.operands[i];
      if (operand.type == ARM64_OP_REG && (operand.access & CS_AC_READ) != 0) {
        if (const auto index = register_index(operand.reg)) out.registers_read.push_back(*index);
      }
      if (operand.type == ARM64_OP_IMM) out.immediates.push_back(operand.imm);
      const bool is_literal = operand.type == ARM64_OP_IMM && loads && i != 0 && detail.op_count == 2;
      if (operand.type != ARM64_OP_MEM && !is_literal) continue;
      MemoryOperand memory;
      memory.is_read = !stores;
      memory.is_written = !loads;
      memory.size = arm64_access_size(out.mnemonic, detail);
      if (is_literal) {
        memory.displacement = operand.imm;
      } else {
        set_arm64_address(operand, memory);
      }
      out.memory.push_back(memory);
    }
  }

  void set_arm64_address(const cs_arm64_op& operand, MemoryOperand& memory) const {
    memory.displacement = operand.mem.disp;
    memory.base = register_index(operand.mem.base);
    if (operand.mem.base != ARM64_REG_INVALID && !memory.base) memory.has_unknown_register = true;
    if (operand.mem.index == ARM64_REG_INVALID) return;
    memory.index = register_index(operand.mem.index);
    // A 32-bit index is extended first, by a rule that is not told here.
    const char* name = cs_reg_name(decoder_->handle(), operand.mem.index);
    if (!memory.index || name == nullptr || name[0] != 'x') memory.has_unknown_register = true;
    if (operand.shift.type == ARM64_SFT_LSL && operand.shift.value < 8) {
      memory.scale = std::int64_t{1} << operand.shift.value;
    }
  }

  std::uint8_t arm64_access_size(std::string_view mnemonic, const cs_arm64& detail) const {
    if (mnemonic.ends_with("b")) return 1;
    if (mnemonic.ends_with("h")) return 2;
    if (mnemonic.ends_with("sw")) return 4;
    const char* name = detail.op_count == 0 ? nullptr : cs_reg_name(decoder_->handle(), detail.operands[0].reg);
    return name != nullptr && name[0] == 'w' ? 4 : 8;
  }

  MemoryOperand x86_memory(const cs_x86_op& operand) const {
    MemoryOperand memory;
    memory.scale = operand.mem.scale;
    memory.displacement = operand.mem.disp;
    memory.is_segmented = operand.mem.segment != X86_REG_INVALID;
    memory.size = operand.size;
    memory.is_read = (operand.access & CS_AC_READ) != 0;
    memory.is_written = (operand.access & CS_AC_WRITE) != 0;
    const auto resolve = [&](unsigned reg, std::optional<std::size_t>& out) {
      if (reg == X86_REG_INVALID) return;
      if (reg == X86_REG_RIP) {
        memory.is_pc_relative = true;
        return;
      }
      out = register_index(reg);
      if (!out) memory.has_unknown_register = true;
    };
    resolve(operand.mem.base, memory.base);
    resolve(operand.mem.index, memory.index);
    return memory;
  }

  void fill_flow(Instruction& out) const {
    const bool branches = in_group(CS_GRP_JUMP);
    const bool relative = in_group(CS_GRP_BRANCH_RELATIVE);
    if (relative && !out.immediates.empty()) {
      out.target = VirtualAddress(static_cast<std::uint64_t>(out.immediates.front()));
    }
    if (in_group(CS_GRP_RET) || in_group(CS_GRP_IRET)) {
      out.flow = Flow::kReturn;
    } else if (in_group(CS_GRP_CALL)) {
      out.flow = Flow::kCall;
    } else if (branches || out.mnemonic.starts_with("loop")) {
      // The decoder's AT&T names carry a suffix when the operand is indirect: "jmpq *%rax". It counts `loop` as no
      // jump.
      const bool always = out.mnemonic.starts_with("jmp") || out.mnemonic.starts_with("ljmp");
      out.flow = always ? Flow::kJump : Flow::kConditionalJump;
    } else if (out.mnemonic == "ud2" || out.mnemonic == "int3") {
      out.flow = Flow::kStop;
    }
  }

  // The decoder does not tell what POWER's instructions read and write, but the form of their names does: stores begin
  // with "st", compares with "cmp", what sets CR0 ends with a dot, and everything else writes its first register.
  void fill_ppc_operands(Instruction& out) const {
    const cs_ppc& detail = decoder_->instruction().detail->ppc;
    const std::string_view name = out.mnemonic;
    const bool stores = name.starts_with("st");
    const bool compares = name.starts_with("cmp");
    const bool branches = in_group(CS_GRP_JUMP) || (name.starts_with('b') && !name.starts_with("bpermd"));
    const bool loads = name.starts_with('l') && !name.starts_with("li");
    out.sets_flags = compares || name.ends_with('.') || name.starts_with("mtcr") || name.starts_with("cr");
    bool is_first = true;
    for (std::size_t i = 0; i < detail.op_count; ++i) {
      const cs_ppc_op& operand = detail.operands[i];
      if (operand.type == PPC_OP_IMM) out.immediates.push_back(operand.imm);
      if (operand.type == PPC_OP_MEM) {
        MemoryOperand memory;
        memory.displacement = operand.mem.disp;
        memory.base = operand.mem.base == PPC_REG_INVALID ? std::nullopt : register_index(operand.mem.base);
        memory.has_unknown_register = operand.mem.base != PPC_REG_INVALID && !memory.base;
        memory.size = ppc_access_size(name);
        memory.is_read = loads;
        memory.is_written = stores;
        out.memory.push_back(memory);
      }
      if (operand.type != PPC_OP_REG) continue;
      const auto index = register_index(operand.reg);
      if (!index) continue;
      const bool writes = is_first && !stores && !compares && !branches && !name.starts_with("mt");
      (writes ? out.registers_written : out.registers_read).push_back(*index);
      is_first = false;
    }
    if (name == "mtctr" || name.starts_with("bd")) add_written(out, "ctr");
    if (name == "mtlr") add_written(out, "lr");
  }

  void add_written(Instruction& out, std::string_view name) const {
    if (const auto index = architecture_.find_register(name)) out.registers_written.push_back(*index);
  }

  static std::uint8_t ppc_access_size(std::string_view name) {
    // The letter behind "l" or "st": lbz, lhz, lwz, ld; lbarx, lwarx, ldarx.
    const std::size_t letter = name.starts_with("st") ? 2 : 1;
    if (letter >= name.size()) return 0;
    switch (name[letter]) {
      case 'b': return 1;
      case 'h': return 2;
      case 'w': return 4;
      case 'd': return 8;
      default: return 0;
    }
  }

  void fill_ppc_flow(Instruction& out, std::span<const std::byte> code) const {
    if (code.size() < sizeof(std::uint32_t)) return;
    const auto branch = decode_ppc64_branch(load<std::uint32_t>(code.data(), architecture_.byte_order));
    if (!branch) return;
    if (branch->displacement) {
      out.target = out.address + static_cast<std::uint64_t>(*branch->displacement);
    }
    if (branch->from_interrupt) {
      out.flow = Flow::kReturn;
    } else if (branch->links) {
      out.flow = Flow::kCall;
    } else if (branch->asks_for_pc) {
      out.flow = Flow::kNext;
    } else if (branch->to_link_register) {
      out.flow = branch->falls_through ? Flow::kConditionalJump : Flow::kReturn;
    } else {
      out.flow = branch->falls_through ? Flow::kConditionalJump : Flow::kJump;
    }
  }

  const Architecture& architecture_;
  std::unique_ptr<CapstoneDecoder> decoder_;
};

}  // namespace

std::optional<VirtualAddress> effective_address(const Instruction& instruction, const MemoryOperand& operand,
                                                const RegisterSet& registers) {
  if (operand.is_segmented || operand.has_unknown_register) return std::nullopt;
  std::uint64_t address = static_cast<std::uint64_t>(operand.displacement);
  if (operand.is_pc_relative) address += instruction.end().value;
  if (operand.base) {
    const auto base = registers.get(*operand.base);
    if (!base) return std::nullopt;
    address += *base;
  }
  if (operand.index) {
    const auto index = registers.get(*operand.index);
    if (!index) return std::nullopt;
    address += *index * static_cast<std::uint64_t>(operand.scale);
  }
  return VirtualAddress(address);
}

Result<std::unique_ptr<Disassembler>> Disassembler::create(const Architecture& architecture) {
  if (architecture.make_disassembler != nullptr) {
    if (auto made = architecture.make_disassembler()) return made;
  }
  if (architecture.capstone_arch < 0) {
    return fail(ErrorKind::kUnsupported, "no disassembler for {}", architecture.name);
  }
  cs_err status = CS_ERR_OK;
  auto decoder = CapstoneDecoder::open(static_cast<cs_arch>(architecture.capstone_arch),
                                       static_cast<cs_mode>(architecture.capstone_mode), CS_OPT_ON, status);
  if (!decoder) {
    return fail(ErrorKind::kUnsupported, "the disassembler for {}: {}", architecture.name, cs_strerror(status));
  }
  if (architecture.capstone_arch == CS_ARCH_X86) cs_option(decoder->handle(), CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
  return std::make_unique<CapstoneDisassembler>(architecture, std::move(decoder));
}

}  // namespace whyhung::arch
