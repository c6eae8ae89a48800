// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/orc_stepper.h"

#include <array>

#include "arch/x86_64.h"

namespace whyhung::unwind {
namespace {

namespace x86 = arch::x86;

constexpr std::uint64_t kScanLimit = 2048;  // bytes of stack that code without unwind data may use
constexpr std::size_t kCallSize = 5;        // e8 rel32
constexpr std::byte kCallOpcode{0xe8};
constexpr std::size_t kInterruptFrameWords = 5;  // what the processor pushes: ip, cs, flags, sp, ss

VirtualAddress pc_of(const FrameState& state) {
  return VirtualAddress(state.registers.get(x86::kRip).value_or(0));
}

EndOfStack unreadable(const ReadFault& fault) {
  return {StackEnd::kUnreadable, fmt::format("{:#x}: {}", fault.address, describe(fault.kind))};
}

EndOfStack no_unwind_data(VirtualAddress pc) {
  return {StackEnd::kNoUnwindData, fmt::format("{:#x}", pc.value)};
}

// The caller's state after a plain return: only these registers survive, the others are whatever the callee left.
FrameState caller(std::uint64_t pc, std::uint64_t sp, std::optional<std::uint64_t> bp, FrameSource source) {
  FrameState next;
  next.source = source;
  next.registers.set(x86::kRip, pc);
  next.registers.set(x86::kRsp, sp);
  if (bp) next.registers.set(x86::kRbp, *bp);
  return next;
}

// What a base register plus offset means in this state; nothing when the register is not known.
std::optional<std::uint64_t> base_value(const FrameState& state, OrcBase base) {
  switch (base) {
    case OrcBase::kSp:
    case OrcBase::kSpIndirect: return state.registers.get(x86::kRsp);
    case OrcBase::kBp:
    case OrcBase::kBpIndirect: return state.registers.get(x86::kRbp);
    case OrcBase::kAx: return state.registers.get(x86::kRax);
    case OrcBase::kDx: return state.registers.get(x86::kRdx);
    case OrcBase::kDi: return state.registers.get(x86::kRdi);
    case OrcBase::kR10: return state.registers.get(x86::kR10);
    case OrcBase::kR13: return state.registers.get(x86::kR13);
    case OrcBase::kUndefined:
    case OrcBase::kPreviousSp: return std::nullopt;
  }
  return std::nullopt;
}

std::uint64_t plus(std::uint64_t value, std::int16_t offset) {
  return value + static_cast<std::uint64_t>(static_cast<std::int64_t>(offset));
}

}  // namespace

std::variant<FrameState, EndOfStack> OrcStepper::step(const FrameState& state) {
  const VirtualAddress pc = pc_of(state);
  const VirtualAddress lookup = state.pc_is_exact ? pc : pc - 1;
  const auto row = tables_.row_at(lookup);
  if (row && row->type == OrcType::kEndOfStack) return EndOfStack{StackEnd::kOutermost, {}};
  if (row && row->type != OrcType::kUndefined) return apply(state, *row);
  if (tables_.covers(lookup)) return scan_for_call(state);
  if (state.pc_is_exact && !symbols_.find_covering(pc)) return return_from_bad_call(state);
  return follow_frame_pointer(state);
}

OrcStepper::Step OrcStepper::apply(const FrameState& state, const OrcRow& row) const {
  const auto base = base_value(state, row.sp_base);
  if (!base) return no_unwind_data(pc_of(state));
  std::uint64_t cfa = row.sp_base == OrcBase::kSpIndirect ? *base : plus(*base, row.sp_offset);
  if (row.sp_base == OrcBase::kSpIndirect || row.sp_base == OrcBase::kBpIndirect) {
    const auto word = memory_.read_u64(VirtualAddress(cfa));
    if (!word) return unreadable(word.error());
    cfa = row.sp_base == OrcBase::kSpIndirect ? plus(*word, row.sp_offset) : *word;
  }
  switch (row.type) {
    case OrcType::kCall: return step_call(state, row, VirtualAddress(cfa));
    case OrcType::kRegs: return step_registers(state, VirtualAddress(cfa));
    case OrcType::kRegsPartial: return step_interrupt_return(state, VirtualAddress(cfa));
    case OrcType::kUndefined:
    case OrcType::kEndOfStack: break;
  }
  return no_unwind_data(pc_of(state));
}

OrcStepper::Step OrcStepper::step_call(const FrameState& state, const OrcRow& row, VirtualAddress cfa) const {
  const auto pc = memory_.read_u64(cfa - 8);
  if (!pc) return unreadable(pc.error());
  auto bp = state.registers.get(x86::kRbp);
  if (row.bp_base == OrcBase::kPreviousSp || row.bp_base == OrcBase::kBp) {
    const std::uint64_t base = row.bp_base == OrcBase::kPreviousSp ? cfa.value : bp.value_or(0);
    const auto saved = memory_.read_u64(VirtualAddress(plus(base, row.bp_offset)));
    if (!saved) return unreadable(saved.error());
    bp = *saved;
  }
  if (!tables_.covers(VirtualAddress(*pc - 1)) && !symbols_.find_covering(VirtualAddress(*pc - 1))) {
    return EndOfStack{StackEnd::kNotCode, fmt::format("{:#x} at {:#x}", *pc, cfa.value - 8)};
  }
  return caller(*pc, cfa.value, bp, FrameSource::kCall);
}

OrcStepper::Step OrcStepper::step_registers(const FrameState& state, VirtualAddress at) const {
  (void)state;
  std::array<std::byte, 21 * 8> bytes;
  if (const auto done = memory_.read(at, bytes); !done) return unreadable(done.error());
  FrameState next;
  next.registers = arch::kX86_64.decode_pt_regs(bytes);
  next.pc_is_exact = true;
  next.source = FrameSource::kException;
  next.saved_at = at;
  return next;
}

OrcStepper::Step OrcStepper::step_interrupt_return(const FrameState& state, VirtualAddress at) const {
  std::array<std::byte, kInterruptFrameWords * 8> bytes;
  if (const auto done = memory_.read(at, bytes); !done) return unreadable(done.error());
  // The general registers have not been touched since the interruption: what is known of them still holds.
  FrameState next = state;
  constexpr std::array<std::size_t, kInterruptFrameWords> kOrder = {x86::kRip, x86::kCs, x86::kRflags, x86::kRsp,
                                                                    x86::kSs};
  for (std::size_t i = 0; i < kInterruptFrameWords; ++i) {
    next.registers.set(kOrder[i], load<std::uint64_t>(bytes.data() + i * 8, ByteOrder::kLittle));
  }
  next.registers.set(x86::kCs, *next.registers.get(x86::kCs) & 0xffff);
  next.pc_is_exact = true;
  next.source = FrameSource::kException;
  next.saved_at.reset();
  return next;
}

// Some assembly has no unwind data at all, and the most important stack of many dumps begins there: the panicking
// CPU's saved program counter lies in __crash_kexec. Its caller is the first word on the stack that points behind a
// direct call of this very function.
OrcStepper::Step OrcStepper::scan_for_call(const FrameState& state) const {
  const VirtualAddress pc = pc_of(state);
  const auto function = symbols_.find_covering(state.pc_is_exact ? pc : pc - 1);
  const auto sp = state.registers.get(x86::kRsp);
  if (!function || !sp) return no_unwind_data(pc);
  for (std::uint64_t offset = 0; offset < kScanLimit; offset += 8) {
    const VirtualAddress slot(*sp + offset);
    const auto candidate = memory_.read_u64(slot);
    if (!candidate) break;
    if (!tables_.covers(VirtualAddress(*candidate - 1))) continue;
    std::array<std::byte, kCallSize> code;
    if (!memory_.read(VirtualAddress(*candidate - kCallSize), code)) continue;
    if (code[0] != kCallOpcode) continue;
    const auto distance = load<std::int32_t>(code.data() + 1, ByteOrder::kLittle);
    const std::uint64_t target = *candidate + static_cast<std::uint64_t>(static_cast<std::int64_t>(distance));
    if (VirtualAddress(target) != function->symbol.address) continue;
    return caller(*candidate, slot.value + 8, state.registers.get(x86::kRbp), FrameSource::kScan);
  }
  return no_unwind_data(pc);
}

OrcStepper::Step OrcStepper::follow_frame_pointer(const FrameState& state) const {
  const auto bp = state.registers.get(x86::kRbp);
  if (!bp) return no_unwind_data(pc_of(state));
  const auto saved_bp = memory_.read_u64(VirtualAddress(*bp));
  const auto pc = memory_.read_u64(VirtualAddress(*bp + 8));
  if (!saved_bp || !pc) return no_unwind_data(pc_of(state));
  if (!tables_.covers(VirtualAddress(*pc - 1))) return no_unwind_data(pc_of(state));
  return caller(*pc, *bp + 16, *saved_bp, FrameSource::kFramePointer);
}

// A call through a wild pointer: nothing has run since the call pushed its return address.
OrcStepper::Step OrcStepper::return_from_bad_call(const FrameState& state) const {
  const auto sp = state.registers.get(x86::kRsp);
  if (!sp) return no_unwind_data(pc_of(state));
  const auto pc = memory_.read_u64(VirtualAddress(*sp));
  if (!pc) return unreadable(pc.error());
  if (!tables_.covers(VirtualAddress(*pc - 1))) return no_unwind_data(pc_of(state));
  return caller(*pc, *sp + 8, state.registers.get(x86::kRbp), FrameSource::kScan);
}

}  // namespace whyhung::unwind
