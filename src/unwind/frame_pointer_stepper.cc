// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/frame_pointer_stepper.h"

#include <algorithm>
#include <array>

#include "arch/x86_64.h"

namespace whyhung::unwind {
namespace {

namespace x86 = arch::x86;
using CallBefore = X86Code::CallBefore;

constexpr std::uint64_t kWord = 8;
constexpr std::uint64_t kLargestFrame = 16384;  // THREAD_SIZE, and IRQ stacks are no larger
constexpr std::uint64_t kSearched = 2048;       // bytes of stack that code without a frame may use
constexpr std::uint64_t kKernelCode = 0x10, kUserCode = 0x33;
constexpr std::uint64_t kAlwaysSet = 2, kHighestFlag = 1u << 21;  // of RFLAGS

// struct pt_regs: where an interrupt that saves only what C code may change begins (SAVE_ARGS_IRQ), and what such a
// frame does not hold.
constexpr std::uint64_t kPartialFrom = x86::kRbp * kWord;
constexpr std::array<std::size_t, 5> kNotSaved = {x86::kRbx, x86::kR12, x86::kR13, x86::kR14, x86::kR15};
constexpr std::size_t kPtRegsWords = 21;
constexpr std::size_t kPtRegsBytes = kPtRegsWords * kWord;
// What the processor pushes: ip, cs, flags, sp, ss.
constexpr std::size_t kPushedWords = 5;
// v4.9 (946c191161ce): RBP of entry code is the address of the struct pt_regs with this bit set.
constexpr std::uint64_t kEncoded = 1;

EndOfStack no_way_on(VirtualAddress pc) {
  return {StackEnd::kNoUnwindData, fmt::format("{:#x}", pc.value)};
}

FrameState returned_to(std::uint64_t pc, std::uint64_t sp, std::uint64_t bp, FrameSource source) {
  FrameState next;
  next.source = source;
  next.registers.set(x86::kRip, pc);
  next.registers.set(x86::kRsp, sp);
  next.registers.set(x86::kRbp, bp);
  return next;
}

}  // namespace

FramePointerStepper::FramePointerStepper(const VirtualMemory& memory, debuginfo::SymbolSource& symbols,
                                         ReturnHooks& hooks)
    : memory_(memory), symbols_(symbols), code_(memory, symbols, hooks) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kSections = {
      {{"__entry_text_start", "__entry_text_end"},
       {"__irqentry_text_start", "__irqentry_text_end"},
       {"__kprobes_text_start", "__kprobes_text_end"}}};
  for (const auto& [begin_name, end_name] : kSections) {
    const auto begin = symbols.address_of(begin_name);
    const auto end = begin ? symbols.address_of(end_name) : std::nullopt;
    if (end && *begin < *end) entry_code_.push_back({*begin, *end});
  }
}

bool FramePointerStepper::is_entry_code(VirtualAddress pc) const {
  return std::ranges::any_of(entry_code_, [&](const VirtualRange& range) { return range.contains(pc); });
}

std::variant<FrameState, EndOfStack> FramePointerStepper::step(const FrameState& state) {
  const VirtualAddress pc(state.registers.get(x86::kRip).value_or(0));
  const VirtualAddress lookup = state.pc_is_exact ? pc : pc - 1;
  if (!state.registers.get(x86::kRsp)) return no_way_on(pc);
  const auto symbol = symbols_.find_covering(lookup);
  // Programs and trampolines that the kernel wrote make frames like other code.
  if (!symbol) return code_.may_be_code(lookup.value) ? follow_pointer(state, {}) : Step(no_way_on(pc));
  const VirtualAddress function = symbol->symbol.address;
  // Kernels that take care of speculation cut it into pieces with names of their own.
  if (symbol->symbol.name.starts_with("ret_from_fork")) return EndOfStack{StackEnd::kOutermost, {}};
  if (!state.pc_is_exact && code_.follows_far_return(pc.value)) return EndOfStack{StackEnd::kOutermost, {}};
  const bool has_frame = code_.progress(function, pc) != X86Code::Progress::kUnknown;
  if (is_entry_code(lookup) && !has_frame) {
    if (auto crossed = state.pc_is_exact ? cross_unfinished_entry(state) : cross_entry(state)) return *crossed;
  }
  if (state.pc_is_exact) return step_exact(state, function);
  // What the tracer calls returns to where the frame is not made yet.
  if (code_.progress(function, pc) == X86Code::Progress::kNothingPushed) {
    if (auto next = caller_without_frame(state, function)) return *next;
  }
  return follow_pointer(state, function);
}

std::optional<FrameState> FramePointerStepper::caller_without_frame(const FrameState& state,
                                                                    VirtualAddress function) const {
  const std::uint64_t sp = *state.registers.get(x86::kRsp);
  const auto address = memory_.read_u64(VirtualAddress(sp));
  if (!address || code_.call_before(*address, function) == CallBefore::kNone) return std::nullopt;
  return returned_to(*address, sp + kWord, state.registers.get(x86::kRbp).value_or(0), FrameSource::kCall);
}

FramePointerStepper::Step FramePointerStepper::step_exact(const FrameState& state, VirtualAddress function) const {
  const VirtualAddress pc(*state.registers.get(x86::kRip));
  const std::uint64_t sp = *state.registers.get(x86::kRsp);
  switch (code_.progress(function, pc)) {
    case X86Code::Progress::kMade: return follow_pointer(state, function);
    case X86Code::Progress::kNothingPushed: {
      const auto next = caller_without_frame(state, function);
      return next ? Step(*next) : Step(no_way_on(pc));
    }
    case X86Code::Progress::kPointerPushed: {
      const auto saved = memory_.read_u64(VirtualAddress(sp));
      const auto address = memory_.read_u64(VirtualAddress(sp + kWord));
      if (!address || !saved || code_.call_before(*address, function) == CallBefore::kNone) return no_way_on(pc);
      return returned_to(*address, sp + 2 * kWord, *saved, FrameSource::kCall);
    }
    case X86Code::Progress::kUnknown: break;
  }
  // Compilers may put off the frame to where a function needs one; code that only serves calls and returns never makes
  // one. Either way a call of this very function tells.
  const std::uint64_t bp = state.registers.get(x86::kRbp).value_or(0);
  const auto top = memory_.read_u64(VirtualAddress(sp));
  if (top && code_.call_before(*top, function) == CallBefore::kOfFunction) {
    return returned_to(*top, sp + kWord, bp, FrameSource::kCall);
  }
  const auto framed = memory_.read_u64(VirtualAddress(bp + kWord));
  const bool is_near = bp % kWord == 0 && bp >= sp && bp - sp < kLargestFrame;
  if (is_near && framed && code_.call_before(*framed, function) == CallBefore::kOfFunction) {
    return follow_pointer(state, function);
  }
  const auto symbol = symbols_.find_covering(function);
  const bool serves_calls =
      symbol && (symbol->symbol.name.ends_with("return_thunk") || symbol->symbol.name.starts_with("__x86_indirect_"));
  if (serves_calls) {
    if (auto next = caller_without_frame(state, function)) return *next;
  }
  return search_for_call(state, function);
}

std::uint64_t FramePointerStepper::stack_of_frame(const FrameState& state) const {
  const std::uint64_t sp = *state.registers.get(x86::kRsp);
  if (state.pc_is_exact) return sp;
  const auto change = code_.stack_change(VirtualAddress(*state.registers.get(x86::kRip)));
  if (change == X86Code::StackChange::kNone) return sp;
  // At the top of a stack of its own lies the pointer to the one before.
  const auto before = memory_.read_u64(VirtualAddress(sp));
  if (!before || *before % kWord != 0 || !arch::kX86_64.is_kernel_address(VirtualAddress(*before))) return sp;
  const bool is_frame = *before == state.registers.get(x86::kRbp);
  return change == X86Code::StackChange::kFromWord || is_frame ? *before : sp;
}

FramePointerStepper::Step FramePointerStepper::follow_pointer(const FrameState& state, VirtualAddress function) const {
  const std::uint64_t sp = stack_of_frame(state);
  const std::uint64_t bp = state.registers.get(x86::kRbp).value_or(0);
  if (bp % kWord != 0 || bp < sp || bp - sp >= kLargestFrame) return search_for_call(state, function);
  const auto saved = memory_.read_u64(VirtualAddress(bp));
  const auto address = memory_.read_u64(VirtualAddress(bp + kWord));
  if (!saved || !address) return search_for_call(state, function);
  // The frame that starts an idle task has no caller.
  if (*address == 0) return EndOfStack{StackEnd::kOutermost, {}};
  const bool starts_cpu = *saved == 0 && code_.follows_far_return(*address);
  const CallBefore call = code_.call_before(*address, function);
  if (call == CallBefore::kNone && !starts_cpu) return search_for_call(state, function);
  // A call of something else that has jumped here looks no different from a frame that the function did not make,
  // unless the function is seen to make one.
  const VirtualAddress pc(*state.registers.get(x86::kRip));
  const bool is_made = !function.is_null() && code_.progress(function, pc) == X86Code::Progress::kMade;
  const bool is_sure = is_made || starts_cpu || (call != CallBefore::kOfAnother && !function.is_null());
  return returned_to(*address, bp + 2 * kWord, *saved, is_sure ? FrameSource::kCall : FrameSource::kFramePointer);
}

// Code without a frame of its own may have been called through a pointer too: then the nearest such call must do.
FramePointerStepper::Step FramePointerStepper::search_for_call(const FrameState& state, VirtualAddress function) const {
  const VirtualAddress pc(*state.registers.get(x86::kRip));
  const std::uint64_t sp = *state.registers.get(x86::kRsp);
  const std::uint64_t bp = state.registers.get(x86::kRbp).value_or(0);
  if (function.is_null()) return no_way_on(pc);
  const bool has_no_frame = code_.progress(function, pc) == X86Code::Progress::kUnknown;
  std::optional<FrameState> by_pointer;
  for (std::uint64_t offset = 0; offset < kSearched; offset += kWord) {
    const auto word = memory_.read_u64(VirtualAddress(sp + offset));
    if (!word) break;
    if (!code_.is_code(*word - 1)) continue;
    const CallBefore call = code_.call_before(*word, function);
    if (call == CallBefore::kOfFunction) return returned_to(*word, sp + offset + kWord, bp, FrameSource::kScan);
    if (call != CallBefore::kIndirect || by_pointer || !has_no_frame) continue;
    by_pointer = returned_to(*word, sp + offset + kWord, bp, FrameSource::kScan);
  }
  if (by_pointer) return *by_pointer;
  return no_way_on(pc);
}

std::optional<FrameState> FramePointerStepper::saved_registers(VirtualAddress pt_regs, Saved what) const {
  const bool is_partial = what == Saved::kPart;
  std::array<std::byte, kPtRegsBytes> bytes;
  if (!memory_.read(pt_regs, bytes)) return std::nullopt;
  FrameState state;
  state.registers = arch::kX86_64.decode_pt_regs(bytes);
  if (is_partial) {
    for (const std::size_t reg : kNotSaved) state.registers.forget(reg);
  }
  const std::uint64_t code = state.registers.get(x86::kCs).value_or(0);
  const std::uint64_t flags = state.registers.get(x86::kRflags).value_or(0);
  const bool has_flags = (flags & kAlwaysSet) != 0 && flags <= (kHighestFlag << 1);
  if (!has_flags) return std::nullopt;
  const std::uint64_t interrupted_sp = state.registers.get(x86::kRsp).value_or(0);
  const bool from_kernel = code == kKernelCode && code_.may_be_code(state.registers.get(x86::kRip).value_or(0)) &&
                           arch::kX86_64.is_kernel_address(VirtualAddress(interrupted_sp));
  if (!from_kernel && code != kUserCode) return std::nullopt;
  state.pc_is_exact = true;
  state.source = FrameSource::kException;
  if (!is_partial) state.saved_at = pt_regs;
  return state;
}

std::optional<FramePointerStepper::Step> FramePointerStepper::cross_entry(const FrameState& state) const {
  const VirtualAddress sp(*state.registers.get(x86::kRsp));
  const std::uint64_t bp = state.registers.get(x86::kRbp).value_or(0);
  if ((bp & kEncoded) != 0 && bp % kWord == kEncoded) {
    if (auto found = saved_registers(VirtualAddress(bp - kEncoded), Saved::kAll)) return *found;
  }
  // Exceptions and NMIs: a whole struct pt_regs.
  if (auto found = saved_registers(sp, Saved::kAll)) return *found;
  // Interrupts: on the stack that they have for themselves the stack pointer of before, which leads to what was saved.
  // v4.1 (76f5df43cab5): all registers.
  const auto before = memory_.read_pointer(sp);
  if (before && arch::kX86_64.is_kernel_address(*before)) {
    if (auto found = saved_registers(*before, Saved::kAll)) return *found;
    if (auto found = saved_registers(*before - kPartialFrom, Saved::kPart)) return *found;
  }
  // The code of a system call has no frame, and before v4.4 saved the rest of the registers only when it had to.
  const VirtualAddress pc(*state.registers.get(x86::kRip));
  const auto symbol = symbols_.find_covering(pc - 1);
  if (!symbol) return std::nullopt;
  const std::string& name = symbol->symbol.name;
  const bool is_system_call = name.starts_with("system_call") || name.starts_with("tracesys") ||
                              name.starts_with("stub_") || name.starts_with("int_ret_from_sys_call") ||
                              name.starts_with("sysenter") || name.starts_with("ia32_") ||
                              name.starts_with("entry_SYS");
  if (is_system_call) return EndOfStack{StackEnd::kUserMode, {}};
  return std::nullopt;
}

// The general registers that have been pushed already lie under it as in struct pt_regs; the others are untouched.
std::optional<FrameState> FramePointerStepper::interrupted_at(VirtualAddress frame, const FrameState& state) const {
  constexpr std::uint64_t kKernelStack = 0x18, kUserStack = 0x2b;
  std::array<std::byte, kPushedWords * kWord> bytes;
  if (!memory_.read(frame, bytes)) return std::nullopt;
  const auto word = [&](std::size_t i) { return load<std::uint64_t>(bytes.data() + i * kWord, ByteOrder::kLittle); };
  const std::uint64_t code = word(1) & 0xffff, flags = word(2), stack = word(4) & 0xffff;
  if ((flags & kAlwaysSet) == 0 || flags > (kHighestFlag << 1)) return std::nullopt;
  const bool is_user =
      code == kUserCode && stack == kUserStack && !arch::kX86_64.is_kernel_address(VirtualAddress(word(0)));
  const bool is_kernel = code == kKernelCode && (stack == kKernelStack || stack == 0) && code_.may_be_code(word(0)) &&
                         arch::kX86_64.is_kernel_address(VirtualAddress(word(3)));
  if (!is_user && !is_kernel) return std::nullopt;
  FrameState next;
  next.registers.set(x86::kRip, word(0));
  next.registers.set(x86::kCs, code);
  next.registers.set(x86::kRflags, flags);
  next.registers.set(x86::kRsp, word(3));
  next.registers.set(x86::kSs, stack);
  const VirtualAddress pushed = frame - (x86::kRip - x86::kRbp) * kWord;
  const bool is_pushed = pushed.value >= state.registers.get(x86::kRsp).value_or(0);
  const auto saved = memory_.read_u64(pushed);
  if (is_pushed && saved) next.registers.set(x86::kRbp, *saved);
  if (!is_pushed) next.registers.set(x86::kRbp, state.registers.get(x86::kRbp).value_or(0));
  next.pc_is_exact = true;
  next.source = FrameSource::kException;
  return next;
}

std::optional<FramePointerStepper::Step> FramePointerStepper::cross_unfinished_entry(const FrameState& state) const {
  const std::uint64_t sp = *state.registers.get(x86::kRsp);
  // A system call has not left the program's stack yet.
  if (!arch::kX86_64.is_kernel_address(VirtualAddress(sp))) return EndOfStack{StackEnd::kOutermost, {}};
  if (sp % kWord != 0) return std::nullopt;
  for (std::size_t i = 0; i + kPushedWords <= kPtRegsWords + 1; ++i) {
    if (auto next = interrupted_at(VirtualAddress(sp + i * kWord), state)) return *next;
  }
  return std::nullopt;
}

}  // namespace whyhung::unwind
