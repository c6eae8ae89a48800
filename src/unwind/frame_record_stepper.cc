// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/frame_record_stepper.h"

#include <algorithm>
#include <array>

#include "arch/arm64.h"

namespace whyhung::unwind {
namespace {

namespace arm64 = arch::arm64;
using arch::RegisterSet;

constexpr std::uint64_t kInstruction = 4;
constexpr std::uint64_t kMostPrologue = 4096;  // bytes of a function in which its frame must have been made
constexpr std::uint64_t kMostEpilogue = 32;
constexpr std::uint64_t kRegistersRecord = 2;  // frame_record_meta.type; 1 is the outermost one

// The four vectors for exceptions that the kernel itself runs into, 128 bytes each; of these the second is taken for
// interrupts (Arm ARM, D1.10.2).
constexpr std::uint64_t kKernelVectors = 0x200;
constexpr std::uint64_t kKernelVectorsEnd = 0x400;
constexpr std::uint64_t kKernelInterrupt = 0x280;
constexpr std::uint64_t kVectorSize = 0x80;

// add x29, sp, #n; also written mov x29, sp
bool makes_record(std::uint32_t code) {
  return (code & 0xff8003ff) == 0x910003fd;
}
// ldp x29, x30, [sp], #n and ldp x29, x30, [sp, #n]
bool drops_record(std::uint32_t code) {
  return (code & 0xfe407fff) == 0xa8407bfd;
}
// bl, and blr with and without authentication
bool is_call(std::uint32_t code) {
  return (code & 0xfc000000) == 0x94000000 || (code & 0xfffffc1f) == 0xd63f0000 || (code & 0xfefff800) == 0xd63f0800;
}
// Branches of all kinds, calls and returns among them.
bool is_branch(std::uint32_t code) {
  return (code & 0x7c000000) == 0x14000000 || (code & 0xff000000) == 0x54000000 || (code & 0x7c000000) == 0x34000000 ||
         (code & 0xfe000000) == 0xd6000000;
}

EndOfStack unreadable(const ReadFault& fault) {
  return {StackEnd::kUnreadable, fmt::format("{:#x}: {}", fault.address, describe(fault.kind))};
}

}  // namespace

bool FrameRecordStepper::is_code(VirtualAddress address) const {
  return !address.is_null() && address.value % kInstruction == 0 && architecture_.is_kernel_address(address) &&
         symbols_.find_covering(address - 1).has_value();
}

bool FrameRecordStepper::follows_call(VirtualAddress return_address) const {
  const auto code = memory_.read_u32(return_address - kInstruction);
  return code && is_call(*code);
}

ReadResult<FrameRecordStepper::Record> FrameRecordStepper::read_record(VirtualAddress at) const {
  std::array<std::byte, 16> bytes;
  if (const auto done = memory_.read(at, bytes); !done) return tl::unexpected(done.error());
  const auto next = load<std::uint64_t>(bytes.data(), memory_.byte_order());
  const auto word = load<std::uint64_t>(bytes.data() + 8, memory_.byte_order());
  return Record{at, VirtualAddress(next), word == 0 ? VirtualAddress() : canonical(word)};
}

std::optional<RegisterSet> FrameRecordStepper::read_registers(VirtualAddress at) const {
  std::array<std::byte, arm64::kRegisterCount * 8> bytes;
  if (!memory_.read(at, bytes)) return std::nullopt;
  return architecture_.decode_pt_regs(bytes);
}

// Whether the function that begins at `begin` has put its record where X29 says before it came to `pc`.
bool FrameRecordStepper::has_made_record(VirtualAddress begin, VirtualAddress pc) const {
  const std::uint64_t size = std::min(pc - begin, kMostPrologue) & ~(kInstruction - 1);
  std::vector<std::byte> code(size);
  if (!memory_.read(begin, code)) return true;
  const auto word = [&](std::uint64_t at) { return load<std::uint32_t>(code.data() + at, ByteOrder::kLittle); };
  bool made = false;
  for (std::uint64_t at = 0; at < size && !made; at += kInstruction) made = makes_record(word(at));
  if (!made || size != pc - begin) return made;
  // At the function's end it is given back, on the straight way to the return.
  for (std::uint64_t back = kInstruction; back <= std::min(size, kMostEpilogue); back += kInstruction) {
    const std::uint32_t one = word(size - back);
    if (drops_record(one)) return false;
    if (is_branch(one)) break;
  }
  return true;
}

// A leaf, or a function before it has made its record: its caller is only in the link register.
std::optional<FrameState> FrameRecordStepper::caller_by_link_register(const FrameState& state) const {
  const VirtualAddress pc(*state.registers.get(arm64::kPc));
  const auto link = state.registers.get(arm64::kLink);
  const auto function = symbols_.find_covering(pc);
  if (!link || !function || has_made_record(function->symbol.address, pc)) return std::nullopt;
  const VirtualAddress caller = canonical(*link);
  if (!is_code(caller) || !follows_call(caller)) return std::nullopt;
  const auto frame = state.registers.get(arm64::kFramePointer);
  // The same return address in the record means that the function had made it after all.
  if (frame && *frame != 0) {
    const auto record = read_record(VirtualAddress(*frame));
    if (record && record->return_address == caller) return std::nullopt;
  }
  FrameState next;
  next.source = FrameSource::kLinkRegister;
  next.registers.set(arm64::kPc, caller.value);
  if (const auto sp = state.registers.get(arm64::kSp)) next.registers.set(arm64::kSp, *sp);
  if (frame) next.registers.set(arm64::kFramePointer, *frame);
  return next;
}

// A CPU at the first instructions of an interrupt has saved nothing yet: where it was is in a register that no dump
// holds. But the stack and the link register are still those of the interrupted code. A loop that was interrupted
// before left its registers at the same place; when they agree in all that can be compared, its program counter is told
// by them.
std::optional<FrameState> FrameRecordStepper::under_new_interrupt(const FrameState& state) const {
  const VirtualAddress pc(*state.registers.get(arm64::kPc));
  const auto function = symbols_.find_covering(pc);
  if (!function || function->symbol.name != "vectors" || !function->symbol.module.empty()) return std::nullopt;
  if (function->offset < kKernelVectors || function->offset >= kKernelVectorsEnd) return std::nullopt;
  if (function->offset % kVectorSize != 0) return std::nullopt;
  const auto link = state.registers.get(arm64::kLink);
  const auto sp = state.registers.get(arm64::kSp);
  const auto frame = state.registers.get(arm64::kFramePointer);
  if (!link || !sp || !frame) return std::nullopt;
  FrameState next;
  next.registers.set(arm64::kSp, *sp);
  next.registers.set(arm64::kFramePointer, *frame);
  next.registers.set(arm64::kLink, *link);
  const auto pstate = state.registers.get(arm64::kPstate);
  // An interrupt is only taken where interrupts are on.
  if (pstate && function->offset == kKernelInterrupt) {
    next.registers.set(arm64::kPstate, *pstate & ~arm64::kInterruptMask);
  }
  if (exception_) {
    const VirtualAddress at(*sp - exception_->size);
    const auto before = read_registers(at);
    const auto same = [&](std::size_t reg, std::uint64_t value) { return before->get(reg) == value; };
    if (before && same(arm64::kSp, *sp) && same(arm64::kFramePointer, *frame) && same(arm64::kLink, *link)) {
      const VirtualAddress earlier(before->get(arm64::kPc).value_or(0));
      if (is_code(earlier + kInstruction)) {
        next.registers.set(arm64::kPc, earlier.value);
        next.pc_is_exact = true;
        next.source = FrameSource::kEarlierInterrupt;
        next.saved_at = at;
        return next;
      }
    }
  }
  const VirtualAddress caller = canonical(*link);
  if (!is_code(caller)) return std::nullopt;
  next.registers.set(arm64::kPc, caller.value);
  next.registers.forget(arm64::kLink);
  // A callee that had made its record and called nothing yet is unknown; its caller's record is the one behind.
  const auto record = read_record(VirtualAddress(*frame));
  if (record && record->return_address == caller && record->next != record->at) {
    next.registers.set(arm64::kFramePointer, record->next.value);
    if (!record->next.is_null()) next.registers.set(arm64::kSp, record->next.value);
  }
  next.source = FrameSource::kLinkRegister;
  return next;
}

// The state that an exception found, when `record` is the one that its entry made.
std::optional<FrameState> FrameRecordStepper::interrupted_by(const Record& record) const {
  if (!exception_) return std::nullopt;
  const VirtualAddress at = record.at - exception_->record;
  if (exception_->has_type) {
    if (!record.next.is_null() || !record.return_address.is_null()) return std::nullopt;
    const auto type = memory_.read_u64(record.at + 16);
    if (!type || *type != kRegistersRecord) return std::nullopt;
  } else if (record.return_address.is_null()) {
    return std::nullopt;
  }
  const auto registers = read_registers(at);
  if (!registers) return std::nullopt;
  // The registers were pushed onto the very stack whose pointer is among them.
  if (registers->get(arm64::kSp) != (at + exception_->size).value) return std::nullopt;
  const bool same_pc = registers->get(arm64::kPc) == record.return_address.value;
  const bool same_frame = registers->get(arm64::kFramePointer) == record.next.value;
  if (!exception_->has_type && (!same_pc || !same_frame)) return std::nullopt;
  FrameState next;
  next.registers = *registers;
  next.pc_is_exact = true;
  next.source = FrameSource::kException;
  next.saved_at = at;
  return next;
}

// The outermost record. Above it lie the registers that user mode had, of a thread that has a user mode.
FrameRecordStepper::Step FrameRecordStepper::end_of(const Record& record) const {
  if (exception_) {
    const VirtualAddress at = record.at - exception_->record;
    const auto registers = read_registers(at);
    if (registers && architecture_.is_user_mode(*registers) && registers->get(arm64::kPc).value_or(0) != 0) {
      FrameState next;
      next.registers = *registers;
      next.pc_is_exact = true;
      next.source = FrameSource::kException;
      next.saved_at = at;
      return next;
    }
  }
  return EndOfStack{StackEnd::kOutermost, {}};
}

FrameRecordStepper::Step FrameRecordStepper::step(const FrameState& state) {
  if (state.pc_is_exact) {
    if (auto next = under_new_interrupt(state)) return *next;
    if (auto next = caller_by_link_register(state)) return *next;
  }
  const VirtualAddress at(state.registers.get(arm64::kFramePointer).value_or(0));
  // A kernel thread of older kernels begins without a record.
  if (at.is_null()) return EndOfStack{StackEnd::kOutermost, {}};
  if (!architecture_.is_kernel_address(at) || at.value % 8 != 0) {
    return EndOfStack{StackEnd::kNoUnwindData, fmt::format("X29 is {:#x}", at.value)};
  }
  const auto record = read_record(at);
  if (!record) return unreadable(record.error());
  if (auto next = interrupted_by(*record)) return *next;
  if (record->next.is_null() && record->return_address.is_null()) return end_of(*record);
  if (!is_code(record->return_address)) {
    return EndOfStack{StackEnd::kNotCode, fmt::format("{:#x} at {:#x}", record->return_address.value, at.value + 8)};
  }
  if (record->next == at) return EndOfStack{StackEnd::kNoProgress, {}};
  FrameState next;
  next.source = FrameSource::kCall;
  next.registers.set(arm64::kPc, record->return_address.value);
  // Compilers put the record at the lower end of a frame, so that it is the stack pointer too.
  next.registers.set(arm64::kSp, record->next.is_null() ? at.value + 16 : record->next.value);
  next.registers.set(arm64::kFramePointer, record->next.value);
  return next;
}

}  // namespace whyhung::unwind
