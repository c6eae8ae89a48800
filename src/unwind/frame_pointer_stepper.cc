// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/frame_pointer_stepper.h"

#include <algorithm>
#include <array>

#include "arch/x86_64.h"

namespace whyhung::unwind {
namespace {

namespace x86 = arch::x86;

constexpr std::uint64_t kWord = 8;
constexpr std::uint64_t kLargestFrame = 16384;  // THREAD_SIZE, and IRQ stacks are no larger
constexpr std::uint64_t kSearched = 2048;       // bytes of stack that code without a frame may use
constexpr std::size_t kPrologue = 16;
constexpr std::size_t kTraceCall = 5;  // of the tracer, before the frame is made: a call, or what replaces it
constexpr std::uint64_t kKernelCode = 0x10, kUserCode = 0x33;
constexpr std::uint64_t kAlwaysSet = 2, kHighestFlag = 1u << 21;  // of RFLAGS

// struct pt_regs: where an interrupt that saves only what C code may change begins (SAVE_ARGS_IRQ), and what such a
// frame does not hold.
constexpr std::uint64_t kPartialFrom = x86::kRbp * kWord;
constexpr std::array<std::size_t, 5> kNotSaved = {x86::kRbx, x86::kR12, x86::kR13, x86::kR14, x86::kR15};
constexpr std::size_t kPtRegsBytes = 21 * kWord;

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

FramePointerStepper::FramePointerStepper(const VirtualMemory& memory, debuginfo::SymbolSource& symbols)
    : memory_(memory), symbols_(symbols) {
  for (const auto& [begin_name, end_name] :
       {std::pair{"__entry_text_start", "__entry_text_end"}, std::pair{"__kprobes_text_start", "__kprobes_text_end"}}) {
    const auto begin = symbols.address_of(begin_name);
    const auto end = begin ? symbols.address_of(end_name) : std::nullopt;
    if (end && *begin < *end) entry_code_.push_back({*begin, *end});
  }
}

bool FramePointerStepper::is_code(std::uint64_t address) const {
  const VirtualAddress at(address);
  if (!arch::kX86_64.is_kernel_address(at)) return false;
  const auto symbol = symbols_.find_covering(at);
  return symbol && symbol->symbol.may_be_code();
}

bool FramePointerStepper::is_entry_code(VirtualAddress pc) const {
  return std::ranges::any_of(entry_code_, [&](const VirtualRange& range) { return range.contains(pc); });
}

FramePointerStepper::CallBefore FramePointerStepper::call_before(std::uint64_t address, VirtualAddress function) const {
  constexpr std::size_t kLongest = 7;
  if (!is_code(address - 1)) return CallBefore::kNone;
  std::array<std::byte, kLongest> code;
  if (!memory_.read(VirtualAddress(address - kLongest), code)) return CallBefore::kNone;
  const auto at = [&](std::size_t before) { return std::to_integer<unsigned>(code[kLongest - before]); };
  if (at(5) == 0xe8) {
    const auto distance = load<std::int32_t>(code.data() + kLongest - 4, ByteOrder::kLittle);
    const std::uint64_t target = address + static_cast<std::uint64_t>(std::int64_t{distance});
    if (VirtualAddress(target) == function) return CallBefore::kOfFunction;
    const auto called = is_code(target) ? symbols_.find_covering(VirtualAddress(target)) : std::nullopt;
    // v4.15 (76b043848fd2), and kernels that took it back: calls through a register go through a piece of code for
    // each.
    if (called && called->symbol.name.starts_with("__x86_indirect_thunk_")) return CallBefore::kIndirect;
    if (called) return CallBefore::kOfAnother;
  }
  // ff /2 in each length that it can have.
  for (const std::size_t length : {2, 3, 4, 6, 7}) {
    if (at(length) == 0xff && (at(length - 1) >> 3 & 7) == 2) return CallBefore::kIndirect;
  }
  return CallBefore::kNone;
}

FramePointerStepper::Progress FramePointerStepper::progress(VirtualAddress begin, VirtualAddress pc) const {
  std::array<std::byte, kPrologue> code;
  if (!memory_.read(begin, code)) return Progress::kUnknown;
  const auto byte = [&](std::size_t i) { return std::to_integer<unsigned>(code[i]); };
  std::size_t push = 0;
  const bool is_long_nop = byte(0) == 0x0f && byte(1) == 0x1f && byte(2) == 0x44;
  const bool is_old_nop = byte(0) == 0x66 && byte(1) == 0x66 && byte(2) == 0x66 && byte(3) == 0x66;
  if (byte(0) == 0xe8 || is_long_nop || is_old_nop) push = kTraceCall;
  const bool makes_frame =
      byte(push) == 0x55 && byte(push + 1) == 0x48 && byte(push + 2) == 0x89 && byte(push + 3) == 0xe5;
  if (!makes_frame) return Progress::kUnknown;
  constexpr std::size_t kPush = 1, kMove = 3;
  const std::uint64_t done = pc - begin;
  if (done <= push) return Progress::kNothingPushed;
  if (done < push + kPush + kMove) return Progress::kPointerPushed;
  // In front of its `ret` the frame is gone again.
  std::array<std::byte, 1> next;
  const bool returns = memory_.read(pc, next) && std::to_integer<unsigned>(next[0]) == 0xc3;
  return returns ? Progress::kNothingPushed : Progress::kMade;
}

std::variant<FrameState, EndOfStack> FramePointerStepper::step(const FrameState& state) {
  const VirtualAddress pc(state.registers.get(x86::kRip).value_or(0));
  const VirtualAddress lookup = state.pc_is_exact ? pc : pc - 1;
  const auto symbol = symbols_.find_covering(lookup);
  if (!symbol || !state.registers.get(x86::kRsp)) return no_way_on(pc);
  const VirtualAddress function = symbol->symbol.address;
  // Kernels that take care of speculation cut it into pieces with names of their own.
  if (symbol->symbol.name.starts_with("ret_from_fork")) return EndOfStack{StackEnd::kOutermost, {}};
  if (is_entry_code(lookup)) {
    if (auto crossed = cross_entry(state)) return *crossed;
  }
  if (state.pc_is_exact) return step_exact(state, function);
  return follow_pointer(state, function);
}

FramePointerStepper::Step FramePointerStepper::step_exact(const FrameState& state, VirtualAddress function) const {
  const VirtualAddress pc(*state.registers.get(x86::kRip));
  const std::uint64_t sp = *state.registers.get(x86::kRsp);
  const std::uint64_t bp = state.registers.get(x86::kRbp).value_or(0);
  const Progress made = progress(function, pc);
  if (made == Progress::kMade) return follow_pointer(state, function);
  if (made == Progress::kUnknown) return search_for_call(state, function);
  const bool is_pushed = made == Progress::kPointerPushed;
  const std::uint64_t slot = is_pushed ? sp + kWord : sp;
  const auto address = memory_.read_u64(VirtualAddress(slot));
  const auto saved = is_pushed ? memory_.read_u64(VirtualAddress(sp)) : ReadResult<std::uint64_t>(bp);
  if (!address || !saved || call_before(*address, function) == CallBefore::kNone) return no_way_on(pc);
  return returned_to(*address, slot + kWord, *saved, FrameSource::kCall);
}

FramePointerStepper::Step FramePointerStepper::follow_pointer(const FrameState& state, VirtualAddress function) const {
  const std::uint64_t sp = *state.registers.get(x86::kRsp);
  const std::uint64_t bp = state.registers.get(x86::kRbp).value_or(0);
  if (bp % kWord != 0 || bp < sp || bp - sp >= kLargestFrame) return search_for_call(state, function);
  const auto saved = memory_.read_u64(VirtualAddress(bp));
  const auto address = memory_.read_u64(VirtualAddress(bp + kWord));
  if (!saved || !address) return search_for_call(state, function);
  // The frame that starts an idle task has no caller.
  if (*address == 0) return EndOfStack{StackEnd::kOutermost, {}};
  const CallBefore call = call_before(*address, function);
  if (call == CallBefore::kNone) return search_for_call(state, function);
  // A call of something else that has jumped here looks no different from a frame that the function did not make.
  const bool is_sure = call != CallBefore::kOfAnother;
  return returned_to(*address, bp + 2 * kWord, *saved, is_sure ? FrameSource::kCall : FrameSource::kFramePointer);
}

// Code without a frame of its own may have been called through a pointer too: then the nearest such call must do.
FramePointerStepper::Step FramePointerStepper::search_for_call(const FrameState& state, VirtualAddress function) const {
  const VirtualAddress pc(*state.registers.get(x86::kRip));
  const std::uint64_t sp = *state.registers.get(x86::kRsp);
  const std::uint64_t bp = state.registers.get(x86::kRbp).value_or(0);
  const bool has_no_frame = progress(function, pc) == Progress::kUnknown;
  std::optional<FrameState> by_pointer;
  for (std::uint64_t offset = 0; offset < kSearched; offset += kWord) {
    const auto word = memory_.read_u64(VirtualAddress(sp + offset));
    if (!word) break;
    const CallBefore call = call_before(*word, function);
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
  const bool from_kernel = code == kKernelCode && is_code(state.registers.get(x86::kRip).value_or(0)) &&
                           arch::kX86_64.is_kernel_address(VirtualAddress(interrupted_sp));
  if (!from_kernel && code != kUserCode) return std::nullopt;
  state.pc_is_exact = true;
  state.source = FrameSource::kException;
  if (!is_partial) state.saved_at = pt_regs;
  return state;
}

std::optional<FramePointerStepper::Step> FramePointerStepper::cross_entry(const FrameState& state) const {
  if (state.pc_is_exact) return std::nullopt;
  const VirtualAddress sp(*state.registers.get(x86::kRsp));
  // Exceptions and NMIs: a whole struct pt_regs.
  if (auto found = saved_registers(sp, Saved::kAll)) return *found;
  // Interrupts: on the stack that they have for themselves the stack pointer of before, which leads to what was saved.
  const auto before = memory_.read_pointer(sp);
  if (before && arch::kX86_64.is_kernel_address(*before)) {
    if (auto found = saved_registers(*before - kPartialFrom, Saved::kPart)) return *found;
  }
  // What C code in this section calls has a frame; what the code of a system call does has none, and saves the rest of
  // the registers only when it must.
  const VirtualAddress pc(*state.registers.get(x86::kRip));
  const auto symbol = symbols_.find_covering(pc - 1);
  if (!symbol || progress(symbol->symbol.address, pc) == Progress::kMade) return std::nullopt;
  const std::string& name = symbol->symbol.name;
  const bool is_system_call = name.starts_with("system_call") || name.starts_with("tracesys") ||
                              name.starts_with("stub_") || name.starts_with("int_ret_from_sys_call") ||
                              name.starts_with("sysenter") || name.starts_with("ia32_");
  if (is_system_call) return EndOfStack{StackEnd::kUserMode, {}};
  return std::nullopt;
}

}  // namespace whyhung::unwind
