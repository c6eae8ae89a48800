// SPDX-License-Identifier: GPL-2.0-or-later
#include "arch/disassembler.h"

#include <algorithm>
#include <array>

#include <capstone/capstone.h>

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

class CapstoneDisassembler final : public Disassembler {
 public:
  CapstoneDisassembler(const Architecture& architecture, csh handle)
      : architecture_(architecture), handle_(handle), scratch_(cs_malloc(handle)) {}
  CapstoneDisassembler(const CapstoneDisassembler&) = delete;
  CapstoneDisassembler& operator=(const CapstoneDisassembler&) = delete;
  ~CapstoneDisassembler() override {
    cs_free(scratch_, 1);
    cs_close(&handle_);
  }

  std::optional<Instruction> decode(std::span<const std::byte> code, VirtualAddress address) const override {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(code.data());
    std::size_t left = code.size();
    std::uint64_t at = address.value;
    if (!cs_disasm_iter(handle_, &bytes, &left, &at, scratch_)) return std::nullopt;
    Instruction out;
    out.address = address;
    out.size = static_cast<std::uint8_t>(scratch_->size);
    out.mnemonic = scratch_->mnemonic;
    out.operands = scratch_->op_str;
    if (architecture_.capstone_arch == CS_ARCH_X86 && size_is_told()) out.mnemonic = without_size_suffix(out.mnemonic);
    fill_registers(out);
    fill_operands(out);
    fill_flow(out);
    return out;
  }

 private:
  // An operand other than a memory reference or a constant, or none at all (ret), or a branch.
  bool size_is_told() const {
    const cs_x86& detail = scratch_->detail->x86;
    if (detail.op_count == 0 || in_group(CS_GRP_JUMP) || in_group(CS_GRP_CALL)) return true;
    for (std::size_t i = 0; i < detail.op_count; ++i) {
      if (detail.operands[i].type == X86_OP_REG) return true;
    }
    return false;
  }
  bool in_group(unsigned group) const { return cs_insn_group(handle_, scratch_, static_cast<std::uint8_t>(group)); }

  std::optional<std::size_t> register_index(unsigned capstone_register) const {
    const char* name = cs_reg_name(handle_, capstone_register);
    if (name == nullptr || architecture_.find_register == nullptr) return std::nullopt;
    return architecture_.find_register(name);
  }

  bool is_flags(unsigned capstone_register) const {
    const char* name = cs_reg_name(handle_, capstone_register);
    if (name == nullptr) return false;
    const std::string_view text(name);
    return text.ends_with("flags") || text == "nzcv" || text.starts_with("cr") || text == "cc";
  }

  void fill_registers(Instruction& out) const {
    cs_regs read;
    cs_regs written;
    std::uint8_t read_count = 0;
    std::uint8_t written_count = 0;
    if (cs_regs_access(handle_, scratch_, read, &read_count, written, &written_count) != CS_ERR_OK) return;
    for (std::size_t i = 0; i < written_count; ++i) {
      if (is_flags(written[i])) out.sets_flags = true;
      if (const auto index = register_index(written[i])) out.registers_written.push_back(*index);
    }
  }

  void fill_operands(Instruction& out) const {
    if (architecture_.capstone_arch != CS_ARCH_X86) return;
    const cs_x86& detail = scratch_->detail->x86;
    for (std::size_t i = 0; i < detail.op_count; ++i) {
      const cs_x86_op& operand = detail.operands[i];
      if (operand.type == X86_OP_IMM) out.immediates.push_back(operand.imm);
      if (operand.type == X86_OP_REG && (operand.access & CS_AC_READ) != 0) {
        if (const auto index = register_index(operand.reg)) out.registers_read.push_back(*index);
      }
      if (operand.type == X86_OP_MEM) out.memory.push_back(x86_memory(operand));
    }
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

  const Architecture& architecture_;
  csh handle_;
  cs_insn* scratch_;
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
  if (architecture.capstone_arch < 0) {
    return fail(ErrorKind::kUnsupported, "no disassembler for {}", architecture.name);
  }
  csh handle = 0;
  const auto status = cs_open(static_cast<cs_arch>(architecture.capstone_arch),
                              static_cast<cs_mode>(architecture.capstone_mode), &handle);
  if (status != CS_ERR_OK) {
    return fail(ErrorKind::kUnsupported, "the disassembler for {}: {}", architecture.name, cs_strerror(status));
  }
  cs_option(handle, CS_OPT_DETAIL, CS_OPT_ON);
  if (architecture.capstone_arch == CS_ARCH_X86) cs_option(handle, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
  return std::make_unique<CapstoneDisassembler>(architecture, handle);
}

}  // namespace whyhung::arch
