// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/riscv64_stepper.h"

#include <algorithm>
#include <array>

#include "arch/riscv64.h"
#include "arch/riscv64_code.h"

namespace whyhung::unwind {
namespace {

namespace riscv64 = arch::riscv64;
using arch::RegisterSet;

constexpr std::uint64_t kWord = 8;
constexpr std::uint64_t kLinkSlot = 8;    // bytes below the frame pointer
constexpr std::uint64_t kFrameSlot = 16;  // of the caller's frame pointer
constexpr std::uint64_t kSmallestPage = 4096;
constexpr std::size_t kMostShapes = 4096;

// arch/riscv/kernel/entry.S. Before v6.4 what is called returned straight to the code that goes back, whose local
// labels are symbols too.
constexpr std::string_view kEntry = "handle_exception";
constexpr std::array<std::string_view, 6> kEntryCode = {kEntry,           "ret_from_exception", "ret_from_syscall",
                                                        "handle_syscall", "check_syscall_nr",   "work_pending"};

EndOfStack unreadable(const ReadFault& fault) {
  return {StackEnd::kUnreadable, fmt::format("{:#x}: {}", fault.address, describe(fault.kind))};
}

}  // namespace

bool Riscv64Stepper::is_code(VirtualAddress address) const {
  if (!architecture_.is_kernel_address(address)) return false;
  const auto symbol = symbols_.find_covering(address);
  return symbol && symbol->symbol.may_be_code();
}

bool Riscv64Stepper::is_return_address(VirtualAddress address) const {
  // It may stand behind the last instruction of its function.
  return !address.is_null() && address.value % 2 == 0 && is_code(address - 1);
}

bool Riscv64Stepper::follows_call(VirtualAddress return_address) const {
  for (const std::uint64_t size : {4, 2}) {
    std::array<std::byte, 4> code;
    const auto one_code = std::span(code).first(size);
    if (!memory_.read(return_address - size, one_code)) continue;
    const auto one = arch::decode_riscv(one_code);
    if (one && one->size == size && one->is_call()) return true;
  }
  return false;
}

bool Riscv64Stepper::is_entry(VirtualAddress pc) const {
  // A return address may be the first one behind a label.
  for (const VirtualAddress at : {pc, pc - 1}) {
    const auto symbol = symbols_.find_covering(at);
    if (symbol && symbol->symbol.module.empty() && std::ranges::count(kEntryCode, symbol->symbol.name) != 0)
      return true;
  }
  return false;
}

bool Riscv64Stepper::is_start_of_stack(VirtualAddress sp) const {
  return (sp + pt_regs_bytes_).value % kSmallestPage == 0;
}

std::optional<RegisterSet> Riscv64Stepper::read_registers(VirtualAddress at) const {
  std::array<std::byte, riscv64::kRegisterCount * kWord> bytes;
  if (!memory_.read(at, bytes)) return std::nullopt;
  return architecture_.decode_pt_regs(bytes);
}

std::optional<Riscv64FrameShape> Riscv64Stepper::shape_at(VirtualAddress pc) {
  const auto known = shapes_.find(pc.value);
  if (known != shapes_.end()) return known->second;
  std::optional<Riscv64FrameShape> shape;
  if (const auto symbol = symbols_.find_covering(pc)) {
    shape = riscv64_frame_shape(memory_, symbol->symbol.address, symbol->symbol.size, pc);
  }
  if (shapes_.size() < kMostShapes) shapes_.emplace(pc.value, shape);
  return shape;
}

std::optional<FrameState> Riscv64Stepper::interrupted_at(VirtualAddress at) const {
  const auto registers = read_registers(at);
  if (!registers || architecture_.is_user_mode(*registers)) return std::nullopt;
  // They were pushed onto the very stack whose pointer is among them.
  if (registers->get(riscv64::kSp) != (at + pt_regs_bytes_).value) return std::nullopt;
  if (!is_code(VirtualAddress(registers->get(riscv64::kPc).value_or(0)))) return std::nullopt;
  return FrameState{*registers, /*pc_is_exact=*/true, FrameSource::kException, at};
}

std::optional<Riscv64Stepper::Step> Riscv64Stepper::cross_entry(VirtualAddress at) const {
  const auto registers = read_registers(at);
  if (!registers) return std::nullopt;
  const std::uint64_t pc = registers->get(riscv64::kPc).value_or(0);
  if (architecture_.is_user_mode(*registers)) {
    if (architecture_.is_kernel_address(VirtualAddress(pc))) return std::nullopt;
    return FrameState{*registers, /*pc_is_exact=*/true, FrameSource::kException, at};
  }
  // A kernel thread's outermost frame has room for the registers of a program that it may become.
  if (pc == 0) return EndOfStack{StackEnd::kOutermost, {}};
  if (auto interrupted = interrupted_at(at)) return *interrupted;
  return std::nullopt;
}

Riscv64Stepper::Step Riscv64Stepper::return_to(std::uint64_t pc, std::uint64_t sp, std::uint64_t frame,
                                               FrameSource source) const {
  const VirtualAddress address(pc);
  if (!is_return_address(address)) {
    if (is_start_of_stack(VirtualAddress(sp))) return EndOfStack{StackEnd::kOutermost, {}};
    return EndOfStack{StackEnd::kNotCode, fmt::format("{:#x}", pc)};
  }
  FrameState next;
  next.source = source;
  next.registers.set(riscv64::kPc, pc);
  next.registers.set(riscv64::kSp, sp);
  next.registers.set(riscv64::kFramePointer, frame);
  return next;
}

Riscv64Stepper::Step Riscv64Stepper::follow(VirtualAddress frame) const {
  if (frame.is_null()) return EndOfStack{StackEnd::kOutermost, {}};
  if (!architecture_.is_kernel_address(frame) || frame.value % kWord != 0) {
    return EndOfStack{StackEnd::kNoUnwindData, fmt::format("s0 is {:#x}", frame.value)};
  }
  const auto link = memory_.read_u64(frame - kLinkSlot);
  if (!link) return unreadable(link.error());
  const auto before = memory_.read_u64(frame - kFrameSlot);
  if (!before) return unreadable(before.error());
  if (*before == frame.value) return EndOfStack{StackEnd::kNoProgress, {}};
  return return_to(*link, frame.value, *before, FrameSource::kCall);
}

// A CPU at the first instruction of its entry has saved nothing yet: where it was is in a register that no note holds.
// But all others are still the interrupted code's. A loop that was interrupted before left its registers at the same
// place; when they agree in all that can be compared, its program counter is told by them.
std::optional<Riscv64Stepper::Step> Riscv64Stepper::under_new_exception(const FrameState& state,
                                                                        VirtualAddress pc) const {
  const auto entry = symbols_.find_covering(pc);
  if (!entry || entry->offset != 0 || entry->symbol.name != kEntry || !entry->symbol.module.empty()) {
    return std::nullopt;
  }
  const auto sp = state.registers.get(riscv64::kSp);
  const auto link = state.registers.get(riscv64::kLink);
  const auto frame = state.registers.get(riscv64::kFramePointer);
  if (!sp || !link || !frame) return std::nullopt;
  if (!architecture_.is_kernel_address(VirtualAddress(*sp))) return EndOfStack{StackEnd::kUserMode, {}};
  if (auto earlier = interrupted_at(VirtualAddress(*sp) - pt_regs_bytes_)) {
    const auto same = [&](std::size_t reg) { return earlier->registers.get(reg) == state.registers.get(reg); };
    if (same(riscv64::kLink) && same(riscv64::kFramePointer) && same(riscv64::kThread)) {
      earlier->source = FrameSource::kEarlierInterrupt;
      return *earlier;
    }
  }
  const VirtualAddress caller(*link);
  if (!is_return_address(caller)) return std::nullopt;
  // A function that had made its frame and called nothing is unknown; its caller's frame is the one behind.
  const auto saved_link = memory_.read_u64(VirtualAddress(*frame) - kLinkSlot);
  const auto saved_frame = memory_.read_u64(VirtualAddress(*frame) - kFrameSlot);
  if (saved_link && saved_frame && *saved_link == *link) {
    return return_to(*link, *frame, *saved_frame, FrameSource::kLinkRegister);
  }
  return return_to(*link, *sp, *frame, FrameSource::kLinkRegister);
}

Riscv64Stepper::Step Riscv64Stepper::step(const FrameState& state) {
  const auto pc = state.registers.get(riscv64::kPc);
  if (!pc) return EndOfStack{StackEnd::kNoRegisters, {}};
  return state.pc_is_exact ? step_exact(state, VirtualAddress(*pc)) : step_call(state);
}

// `pc` will be returned to: its function called something, so that it has a frame, unless it is the entry.
Riscv64Stepper::Step Riscv64Stepper::step_call(const FrameState& state) {
  const VirtualAddress sp(state.registers.get(riscv64::kSp).value_or(0));
  if (is_entry(VirtualAddress(*state.registers.get(riscv64::kPc)))) {
    if (auto crossed = cross_entry(sp)) return *crossed;
  }
  if (is_start_of_stack(sp)) return EndOfStack{StackEnd::kOutermost, {}};
  return follow(VirtualAddress(state.registers.get(riscv64::kFramePointer).value_or(0)));
}

// `pc` is the instruction itself: there may be no frame yet, and the return address may be in ra only.
Riscv64Stepper::Step Riscv64Stepper::step_exact(const FrameState& state, VirtualAddress pc) {
  if (auto next = under_new_exception(state, pc)) return *next;
  const auto link = state.registers.get(riscv64::kLink);
  const std::uint64_t sp = state.registers.get(riscv64::kSp).value_or(0);
  const std::uint64_t frame = state.registers.get(riscv64::kFramePointer).value_or(0);
  const auto shape = shape_at(pc);
  // The first instruction of a thread that never ran: nobody called it.
  if (!link && shape == Riscv64FrameShape{}) return EndOfStack{StackEnd::kOutermost, {}};
  if (!shape) return step_call(state);
  // Where the stack pointer was when the function was entered, and what the caller's frame pointer is.
  std::optional<std::uint64_t> entered;
  if (shape->has_frame) {
    entered = frame;
  } else if (shape->stack_used) {
    entered = sp + *shape->stack_used;
  }
  const auto slot = [&](std::uint64_t distance) -> std::optional<std::uint64_t> {
    if (!entered || distance == 0) return std::nullopt;
    const auto word = memory_.read_u64(VirtualAddress(*entered - distance));
    return word ? std::optional(*word) : std::nullopt;
  };
  const auto caller_frame = shape->has_frame ? slot(shape->frame_slot) : std::optional(frame);
  if (shape->link_is_live && link && caller_frame) {
    if (is_entry(VirtualAddress(*link)) || follows_call(VirtualAddress(*link))) {
      return return_to(*link, entered.value_or(sp), *caller_frame, FrameSource::kLinkRegister);
    }
  }
  const auto saved_link = slot(shape->link_slot);
  if (saved_link && caller_frame) return return_to(*saved_link, *entered, *caller_frame, FrameSource::kCall);
  return step_call(state);
}

}  // namespace whyhung::unwind
