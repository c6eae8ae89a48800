// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/s390x_stepper.h"

#include <algorithm>

#include "arch/s390x.h"
#include "arch/s390x_code.h"

namespace whyhung::unwind {
namespace {

namespace s390x = arch::s390x;

constexpr std::uint64_t kReturnRegister = (14 - 6) * 8;  // r14 among r6 to r15
constexpr std::uint64_t kStackBytes = 16384;             // THREAD_SIZE, aligned to itself
constexpr std::size_t kMostCpus = 512;                   // CONFIG_NR_CPUS is at most that
constexpr std::uint64_t kMostPrologue = 4096;

}  // namespace

bool S390xStepper::is_code(std::uint64_t address) const {
  if (address == 0 || address % 2 != 0) return false;
  const auto symbol = symbols_.find_covering(VirtualAddress(address - 1));
  return symbol && symbol->symbol.may_be_code();
}

// Whether the function has stored the back chain of a frame of its own before it came to `pc`: stg r1,0(r15), or r0,
// or r14, behind which the frame was made.
bool S390xStepper::has_frame(VirtualAddress pc) const {
  const auto function = symbols_.find_covering(pc);
  if (!function) return true;
  const std::uint64_t wanted = std::min(function->offset, kMostPrologue);
  std::vector<std::byte> code(wanted);
  if (!memory_.read(function->symbol.address, code)) return true;
  for (std::size_t at = 0; at < code.size();) {
    const std::size_t size = arch::s390x_instruction_size(code[at]);
    if (at + size > code.size()) break;
    const auto byte = [&](std::size_t i) { return std::to_integer<unsigned>(code[at + i]); };
    // stg: e3, register and index, base and displacement, its upper part, 24
    const bool stores = size == 6 && byte(0) == 0xe3 && byte(5) == 0x24;
    if (stores && (byte(1) & 0xf) == 0 && byte(2) == 0xf0 + (frame_.back_chain >> 8) &&
        byte(3) == (frame_.back_chain & 0xff) && byte(4) == 0) {
      return true;
    }
    at += size;
  }
  return false;
}

S390xStepper::Step S390xStepper::return_into(VirtualAddress frame) const {
  const auto pc = memory_.read_u64(frame + frame_.registers + kReturnRegister);
  if (!pc) return EndOfStack{StackEnd::kUnreadable, fmt::format("{:#x}", frame.value)};
  if (!is_code(*pc)) return EndOfStack{StackEnd::kNotCode, fmt::format("{:#x}", *pc)};
  FrameState next;
  next.source = FrameSource::kCall;
  next.registers.set(s390x::kPc, *pc);
  next.registers.set(s390x::kSp, frame.value);
  return next;
}

S390xStepper::Step S390xStepper::cross_exception(VirtualAddress at) const {
  std::vector<std::byte> bytes(architecture_.pt_regs_size);
  // A thread's first frame may end where its stack does.
  if (!memory_.read(at, bytes)) return EndOfStack{StackEnd::kOutermost, {}};
  FrameState next;
  next.registers = architecture_.decode_pt_regs(bytes);
  next.pc_is_exact = true;
  next.source = FrameSource::kException;
  next.saved_at = at;
  if (architecture_.is_user_mode(next.registers)) return next;
  const std::uint64_t pc = next.registers.get(s390x::kPc).value_or(0);
  if (pc == 0 || !is_code(pc + 2)) return EndOfStack{StackEnd::kOutermost, {}};
  return next;
}

std::optional<FrameState> S390xStepper::caller_by_link_register(const FrameState& state, VirtualAddress sp) const {
  const auto link = state.registers.get(s390x::kR14);
  if (!link || !is_code(*link) || has_frame(VirtualAddress(*state.registers.get(s390x::kPc)))) return std::nullopt;
  FrameState next;
  next.source = FrameSource::kLinkRegister;
  next.registers.set(s390x::kPc, *link);
  next.registers.set(s390x::kSp, sp.value);
  return next;
}

std::optional<FrameState> S390xStepper::under_new_interrupt(const FrameState& state, VirtualAddress sp) const {
  const auto entry = symbols_.find_covering(VirtualAddress(*state.registers.get(s390x::kPc)));
  if (!lowcore_ || !entry || entry->offset != 0 || !entry->symbol.module.empty()) return std::nullopt;
  const bool is_external = entry->symbol.name == "ext_int_handler";
  if (!is_external && entry->symbol.name != "io_int_handler") return std::nullopt;
  const auto on_stack = [&](VirtualAddress lowcore, std::uint64_t member) {
    const auto top = memory_.read_u64(lowcore + member);
    return top && *top != 0 && (*top - 1) / kStackBytes == sp.value / kStackBytes;
  };
  // Whose lowcore: the CPU's that has this stack.
  for (std::size_t cpu = 0; cpu < kMostCpus; ++cpu) {
    const auto lowcore = memory_.read_pointer(lowcore_->table + cpu * 8);
    if (!lowcore) break;
    if (lowcore->is_null()) continue;
    if (!on_stack(*lowcore, lowcore_->kernel_stack) && !on_stack(*lowcore, lowcore_->async_stack)) continue;
    const VirtualAddress old = *lowcore + (is_external ? lowcore_->external_old : lowcore_->io_old);
    const auto mask = memory_.read_u64(old);
    const auto pc = memory_.read_u64(old + 8);
    if (!mask || !pc) return std::nullopt;
    FrameState next = state;
    next.registers.set(s390x::kPswMask, *mask);
    next.registers.set(s390x::kPc, *pc);
    next.source = FrameSource::kException;
    if (!architecture_.is_user_mode(next.registers) && !is_code(*pc + 2)) return std::nullopt;
    return next;
  }
  return std::nullopt;
}

S390xStepper::Step S390xStepper::step(const FrameState& state) {
  const auto sp = state.registers.get(s390x::kSp);
  if (!sp) return EndOfStack{StackEnd::kNoRegisters, {}};
  const VirtualAddress frame(*sp);
  if (state.pc_is_exact) {
    if (auto next = under_new_interrupt(state, frame)) return *next;
    if (auto next = caller_by_link_register(state, frame)) return *next;
  }
  const auto chain = memory_.read_u64(frame + frame_.back_chain);
  if (!chain) return EndOfStack{StackEnd::kUnreadable, fmt::format("{:#x}", frame.value)};
  if (*chain == 0) return cross_exception(frame + frame_.size);
  if (*chain == frame.value) return EndOfStack{StackEnd::kNoProgress, {}};
  return return_into(VirtualAddress(*chain));
}

}  // namespace whyhung::unwind
