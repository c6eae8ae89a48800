// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/unwinder.h"

#include <fmt/format.h>

#include "unwind/taken_return.h"

namespace whyhung::unwind {

std::string_view describe(FrameSource source) {
  switch (source) {
    case FrameSource::kRegisters: return "registers";
    case FrameSource::kCall: return "return address";
    case FrameSource::kException: return "saved at interruption";
    case FrameSource::kLinkRegister: return "link register";
    case FrameSource::kScan: return "found by scanning for the call";
    case FrameSource::kFramePointer: return "guessed by frame pointer";
    case FrameSource::kEarlierInterrupt: return "as the interrupt before found it";
  }
  return "unknown";
}

std::string_view describe(StackEnd end) {
  switch (end) {
    case StackEnd::kUserMode: return "entered from user mode";
    case StackEnd::kOutermost: return "start of the thread";
    case StackEnd::kNoRegisters: return "no registers to begin with";
    case StackEnd::kNoUnwindData: return "no unwind data for this code";
    case StackEnd::kUnreadable: return "stack memory is not in the dump";
    case StackEnd::kNotCode: return "return address is not code";
    case StackEnd::kNoProgress: return "the frame repeats itself";
    case StackEnd::kTooDeep: return "more frames than a kernel stack holds";
  }
  return "unknown";
}

namespace {

// After a plain return next to nothing is known.
bool has_registers(FrameSource source) {
  return source == FrameSource::kException || source == FrameSource::kRegisters ||
         source == FrameSource::kLinkRegister || source == FrameSource::kEarlierInterrupt;
}

// Puts back the return address that a tracer took; the trampoline where that is not known.
std::optional<VirtualAddress> take_back(const arch::Architecture& architecture, ReturnHooks& hooks, VirtualAddress task,
                                        std::uint32_t& trampolines, FrameState& state) {
  const VirtualAddress pc(state.registers.get(architecture.program_counter).value_or(0));
  if (!hooks.is_trampoline(pc)) return std::nullopt;
  ReturnHooks::Place place;
  place.task = task;
  place.slot = state.registers.get(architecture.stack_pointer).value_or(0) - sizeof(std::uint64_t);
  place.frame_pointer = state.registers.get(architecture.frame_pointer).value_or(0);
  place.met_before = trampolines++;
  const auto original = hooks.original(pc, place);
  if (!original) return pc;
  state.registers.set(architecture.program_counter, original->value);
  return std::nullopt;
}

}  // namespace

Stack walk_stack(const arch::Architecture& architecture, Stepper& stepper, const WalkStart& start, ReturnHooks* hooks) {
  Stack stack;
  std::uint32_t trampolines = 0;
  FrameState state{start.registers, start.pc_is_exact, FrameSource::kRegisters, std::nullopt};
  while (true) {
    const auto pc = state.registers.get(architecture.program_counter);
    const auto sp = state.registers.get(architecture.stack_pointer);
    if (!pc || !sp) {
      stack.end = StackEnd::kNoRegisters;
      return stack;
    }
    if (architecture.is_user_mode(state.registers)) {
      stack.end = StackEnd::kUserMode;
      stack.user_registers = state.registers;
      stack.user_registers_at = state.saved_at;
      return stack;
    }
    if (!stack.frames.empty() && stack.frames.back().pc.value == *pc && stack.frames.back().sp.value == *sp) {
      stack.end = StackEnd::kNoProgress;
      return stack;
    }
    if (stack.frames.size() == kMostFrames) {
      stack.end = StackEnd::kTooDeep;
      return stack;
    }
    Frame frame{VirtualAddress(*pc), VirtualAddress(*sp), state.source,
                state.pc_is_exact,   state.saved_at,      std::nullopt};
    if (has_registers(state.source)) {
      frame.registers = state.registers;
    }
    stack.frames.push_back(frame);
    auto next = stepper.step(state);
    if (const auto* end = std::get_if<EndOfStack>(&next)) {
      stack.end = end->reason;
      stack.end_detail = end->detail;
      return stack;
    }
    state = std::get<FrameState>(std::move(next));
    if (hooks == nullptr || state.pc_is_exact) continue;
    const auto left = take_back(architecture, *hooks, start.task, trampolines, state);
    if (!left) continue;
    stack.end = StackEnd::kNoUnwindData;
    stack.end_detail = fmt::format("{} by {:#x}, and its note is missing", kReturnTaken, left->value);
    return stack;
  }
}

}  // namespace whyhung::unwind
