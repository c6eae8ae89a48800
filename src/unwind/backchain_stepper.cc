// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/backchain_stepper.h"

#include <array>

#include "arch/ppc64.h"

namespace whyhung::unwind {
namespace {

namespace ppc64 = arch::ppc64;

constexpr std::uint64_t kLinkSlot = 16;
constexpr std::size_t kMostShapes = 4096;

// The marker was "regshere" first, then "REGS"; between v6.1 and v6.12 the fixed part of a frame became smaller.
struct Marker {
  std::uint64_t offset;
  std::uint64_t registers;
};
constexpr std::array<Marker, 2> kMarkers = {{{96, 112}, {32, 48}}};
constexpr std::uint32_t kRegs = 0x52454753;      // "REGS", as a number
constexpr std::uint32_t kRegsText = 0x53474552;  // and as the text that a little-endian machine reads
constexpr std::uint64_t kRegshere = 0x7265677368657265;

}  // namespace

bool BackchainStepper::is_code(std::uint64_t address) const {
  if (!architecture_.is_kernel_address(VirtualAddress(address)) || address % 4 != 0) return false;
  const auto symbol = symbols_.find_covering(VirtualAddress(address));
  return symbol && symbol->symbol.may_be_code();
}

bool BackchainStepper::same_function(std::uint64_t one, std::uint64_t other) const {
  const auto first = symbols_.find_covering(VirtualAddress(one));
  const auto second = symbols_.find_covering(VirtualAddress(other));
  return first && second && first->symbol.address == second->symbol.address;
}

std::optional<Ppc64FrameShape> BackchainStepper::shape_at(VirtualAddress pc) {
  const auto known = shapes_.find(pc.value);
  if (known != shapes_.end()) return known->second;
  std::optional<Ppc64FrameShape> shape;
  if (const auto symbol = symbols_.find_covering(pc)) {
    shape = ppc64_frame_shape(memory_, symbol->symbol.address, symbol->symbol.size, pc);
  }
  if (shapes_.size() < kMostShapes) shapes_.emplace(pc.value, shape);
  return shape;
}

std::optional<VirtualAddress> BackchainStepper::exception_registers(VirtualAddress sp, Exception wanted) const {
  for (const Marker& marker : kMarkers) {
    const auto word = memory_.read_u64(sp + marker.offset);
    if (!word) continue;
    const auto low = static_cast<std::uint32_t>(*word);
    const bool is_marked = *word == kRegshere || low == kRegs || low == kRegsText;
    if (!is_marked && wanted == Exception::kGoingOn) continue;
    // The marker of a frame that was is not one that is: the saved stack pointer lies above, or is user space's.
    const auto saved_sp = memory_.read_u64(sp + marker.registers + ppc64::kR1 * 8);
    const auto msr = memory_.read_u64(sp + marker.registers + ppc64::kMsr * 8);
    if (!saved_sp || !msr) continue;
    const bool from_user = (*msr & ppc64::kProblemState) != 0;
    const auto chain = memory_.read_u64(sp);
    // Interrupts and exceptions have stacks of their own, which may lie anywhere.
    const bool is_linked = chain && *chain == *saved_sp && (is_marked || *saved_sp > sp.value);
    if (is_linked || (is_marked && (from_user || *saved_sp == 0))) return sp + marker.registers;
  }
  return std::nullopt;
}

std::variant<FrameState, EndOfStack> BackchainStepper::step(const FrameState& state) {
  const auto pc = state.registers.get(ppc64::kNip);
  const auto sp = state.registers.get(ppc64::kR1);
  if (!pc || !sp) return EndOfStack{StackEnd::kNoRegisters, {}};
  if (state.pc_is_exact) return step_exact(state, VirtualAddress(*pc), VirtualAddress(*sp));
  return step_call(VirtualAddress(*pc), VirtualAddress(*sp));
}

BackchainStepper::Step BackchainStepper::make_caller(std::uint64_t pc, VirtualAddress sp, FrameSource source) const {
  if (!is_code(pc)) return EndOfStack{StackEnd::kNotCode, fmt::format("{:#x}", pc)};
  FrameState caller;
  caller.registers.set(ppc64::kNip, pc);
  caller.registers.set(ppc64::kR1, sp.value);
  caller.source = source;
  return caller;
}

BackchainStepper::Step BackchainStepper::return_through(VirtualAddress caller_frame) const {
  const auto address = memory_.read_u64(caller_frame + kLinkSlot);
  if (!address) return EndOfStack{StackEnd::kUnreadable, fmt::format("{:#x}", caller_frame.value)};
  return make_caller(*address, caller_frame, FrameSource::kCall);
}

BackchainStepper::Step BackchainStepper::step_exception(VirtualAddress saved_at) const {
  std::vector<std::byte> bytes(architecture_.pt_regs_size);
  if (!memory_.read(saved_at, bytes)) return EndOfStack{StackEnd::kUnreadable, fmt::format("{:#x}", saved_at.value)};
  FrameState interrupted;
  interrupted.registers = architecture_.decode_pt_regs(bytes);
  interrupted.pc_is_exact = true;
  interrupted.source = FrameSource::kException;
  interrupted.saved_at = saved_at;
  // A kernel thread's outermost frame has room for the registers of a program that it may become.
  const bool is_blank =
      interrupted.registers.get(ppc64::kNip) == 0u && !architecture_.is_user_mode(interrupted.registers);
  if (is_blank) return EndOfStack{StackEnd::kOutermost, {}};
  return interrupted;
}

std::optional<FrameState> BackchainStepper::interrupted_at(VirtualAddress sp) const {
  const auto saved_at = exception_registers(sp, Exception::kAny);
  if (!saved_at) return std::nullopt;
  auto step = step_exception(*saved_at);
  const auto* const state = std::get_if<FrameState>(&step);
  if (state == nullptr || architecture_.is_user_mode(state->registers)) return std::nullopt;
  const auto pc = state->registers.get(ppc64::kNip);
  if (!pc || !is_code(*pc)) return std::nullopt;
  return *state;
}

// `pc` will be returned to: its function called something, so that it has a frame and saved its return address.
BackchainStepper::Step BackchainStepper::step_call(VirtualAddress pc, VirtualAddress sp) {
  if (const auto registers = exception_registers(sp)) return step_exception(*registers);
  const auto chain = memory_.read_u64(sp);
  if (!chain) return EndOfStack{StackEnd::kUnreadable, fmt::format("{:#x}", sp.value)};
  if (*chain == 0) return EndOfStack{StackEnd::kOutermost, {}};
  if (!architecture_.is_kernel_address(VirtualAddress(*chain))) {
    return EndOfStack{StackEnd::kUserMode, {}};
  }
  VirtualAddress caller_frame(*chain);
  // Code that moves to another stack within a function leaves a frame there that points to the function's own. Nobody
  // saves a return address in that one, and the first frame is not of the size that the function's code asks for.
  const auto shape = shape_at(pc);
  if (shape && shape->frame_size != 0 && *chain != sp.value + shape->frame_size) {
    const auto own = memory_.read_u64(caller_frame);
    if (own && *own == caller_frame.value + shape->frame_size) caller_frame = VirtualAddress(*own);
  }
  return return_through(caller_frame);
}

bool BackchainStepper::is_vector(const FrameState& state, VirtualAddress pc) const {
  const std::uint64_t msr = state.registers.get(ppc64::kMsr).value_or(ppc64::kExternalInterrupts);
  return vectors_.contains(pc) && (msr & ppc64::kExternalInterrupts) == 0;
}

std::optional<FrameState> BackchainStepper::earlier_interruption(const FrameState& state, VirtualAddress sp) const {
  constexpr std::uint64_t kMostBelow = 1024;  // of an exception frame and what may lie unused above it
  for (std::uint64_t below = 16; below <= kMostBelow; below += 16) {
    auto earlier = interrupted_at(sp - below);
    if (!earlier || earlier->registers.get(ppc64::kR1) != sp.value) continue;
    // The same LR as well: then no call was made in between, or the same.
    if (earlier->registers.get(ppc64::kLink) != state.registers.get(ppc64::kLink)) return std::nullopt;
    earlier->source = FrameSource::kEarlierInterrupt;
    return earlier;
  }
  return std::nullopt;
}

// `pc` is the instruction itself: there may be no frame yet, and the return address may be in LR only.
BackchainStepper::Step BackchainStepper::step_exact(const FrameState& state, VirtualAddress pc, VirtualAddress sp) {
  const auto chain = memory_.read_u64(sp);
  if (!chain) return EndOfStack{StackEnd::kUnreadable, fmt::format("{:#x}", sp.value)};
  const auto link = state.registers.get(ppc64::kLink);
  const auto by_link = [&]() -> Step {
    if (!link || !is_code(*link)) return EndOfStack{StackEnd::kNotCode, fmt::format("{:#x}", link.value_or(0))};
    return make_caller(*link, sp, FrameSource::kLinkRegister);
  };
  if (is_vector(state, pc)) {
    if (const auto earlier = earlier_interruption(state, sp)) return *earlier;
    return by_link();
  }
  const auto shape = shape_at(pc);
  if (!shape) {
    // Assembly of exceptions, firmware: r1 is that of whoever was there before.
    if (link && is_code(*link) && !same_function(*link, pc.value)) return by_link();
    if (*chain == 0) return EndOfStack{StackEnd::kOutermost, {}};
    return return_through(VirtualAddress(*chain));
  }
  if (shape->frame_size == 0) {
    if (shape->link_is_live) return by_link();
    return return_through(sp);
  }
  if (*chain != sp.value + shape->frame_size) {
    // v6.5: ppc_save_regs() before it saved the stack pointer of its caller's caller, to which LR belongs.
    const auto slot = memory_.read_u64(sp + kLinkSlot);
    if (link && slot && *slot == *link && is_code(*link)) return by_link();
  }
  if (exception_registers(sp)) return step_call(pc, sp);
  if (!shape->link_is_saved && shape->link_is_live) {
    if (!link || !is_code(*link)) return EndOfStack{StackEnd::kNotCode, fmt::format("{:#x}", link.value_or(0))};
    return make_caller(*link, VirtualAddress(*chain), FrameSource::kLinkRegister);
  }
  return step_call(pc, sp);
}

}  // namespace whyhung::unwind
