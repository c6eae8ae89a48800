// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/switch_frame.h"

#include <algorithm>
#include <array>

#include "arch/arm64.h"
#include "arch/ppc64.h"
#include "arch/riscv64.h"
#include "arch/s390x.h"
#include "arch/x86_64.h"

namespace whyhung::kernel {
namespace {

struct SavedRegister {
  std::string_view member;
  std::size_t reg;
};

using SwitchFrameReader = ReadResult<SwitchedOut> (*)(const Access& access, VirtualAddress saved_sp);

enum class FramePlace : std::uint8_t {
  kOnStack,  // at the saved stack pointer, and the task goes on above it
  kInTask,   // in the task itself
};

// One row per architecture: where its context switch leaves the registers that a function must keep; a structure that
// the kernel's types have, or a reader for what they do not.
struct FrameLayout {
  std::string_view architecture;
  FramePlace place;
  std::string_view type;
  std::span<const SavedRegister> registers;
  SwitchFrameReader read = nullptr;  // when the kernel's types do not have `type`
};

namespace x86 = arch::x86;
constexpr std::array<SavedRegister, 7> kX86Registers = {{{"r15", x86::kR15},
                                                         {"r14", x86::kR14},
                                                         {"r13", x86::kR13},
                                                         {"r12", x86::kR12},
                                                         {"bx", x86::kRbx},
                                                         {"bp", x86::kRbp},
                                                         {"ret_addr", x86::kRip}}};
namespace arm64 = arch::arm64;
constexpr std::array<SavedRegister, 12> kArm64Registers = {{{"thread.cpu_context.x19", arm64::kX19},
                                                            {"thread.cpu_context.x20", arm64::kX19 + 1},
                                                            {"thread.cpu_context.x21", arm64::kX19 + 2},
                                                            {"thread.cpu_context.x22", arm64::kX19 + 3},
                                                            {"thread.cpu_context.x23", arm64::kX19 + 4},
                                                            {"thread.cpu_context.x24", arm64::kX19 + 5},
                                                            {"thread.cpu_context.x25", arm64::kX19 + 6},
                                                            {"thread.cpu_context.x26", arm64::kX19 + 7},
                                                            {"thread.cpu_context.x27", arm64::kX19 + 8},
                                                            {"thread.cpu_context.x28", arm64::kX28},
                                                            {"thread.cpu_context.fp", arm64::kFramePointer},
                                                            {"thread.cpu_context.pc", arm64::kPc}}};

// arch/riscv/include/asm/processor.h: struct thread_struct has the registers that calls preserve, and sp, which is no
// register of this table.
namespace riscv64 = arch::riscv64;
constexpr std::array<SavedRegister, 13> kRiscv64Registers = {{{"thread.ra", riscv64::kPc},
                                                              {"thread.s[0]", riscv64::kFramePointer},
                                                              {"thread.s[1]", riscv64::kS1},
                                                              {"thread.s[2]", riscv64::kS2},
                                                              {"thread.s[3]", riscv64::kS2 + 1},
                                                              {"thread.s[4]", riscv64::kS2 + 2},
                                                              {"thread.s[5]", riscv64::kS2 + 3},
                                                              {"thread.s[6]", riscv64::kS2 + 4},
                                                              {"thread.s[7]", riscv64::kS2 + 5},
                                                              {"thread.s[8]", riscv64::kS2 + 6},
                                                              {"thread.s[9]", riscv64::kS2 + 7},
                                                              {"thread.s[10]", riscv64::kS2 + 8},
                                                              {"thread.s[11]", riscv64::kS2 + 9}}};

// ppc64: _switch() leaves a frame in the back chain, with a struct pt_regs in it for the registers that calls preserve.
// Where in the frame differs: between v6.1 and v6.12 the fixed part of a frame became smaller.
ReadResult<SwitchedOut> read_ppc64_frame(const Access& access, VirtualAddress saved_sp) {
  const VirtualMemory& memory = access.memory;
  namespace ppc64 = arch::ppc64;
  constexpr std::array<std::uint64_t, 2> kRegisters = {112, 48};
  constexpr std::uint64_t kLinkSlot = 16;
  constexpr std::size_t kFirstPreserved = 14;
  SwitchedOut out;
  const auto caller = memory.read_pointer(saved_sp);
  if (!caller) return tl::unexpected(caller.error());
  if (caller->is_null()) {
    // It never ran: the frame was made by hand, without a caller.
    for (const std::uint64_t offset : kRegisters) {
      const auto pc = memory.read_u64(saved_sp + offset + ppc64::kNip * 8);
      if (!pc || *pc >> 62 != 3) continue;
      out.registers.set(ppc64::kNip, *pc);
      out.registers.set(ppc64::kR1, saved_sp.value);
      return out;
    }
    return tl::unexpected(ReadFault{FaultKind::kNoSuchField, saved_sp.value});
  }
  const auto pc = memory.read_u64(*caller + kLinkSlot);
  if (!pc) return tl::unexpected(pc.error());
  for (const std::uint64_t offset : kRegisters) {
    const VirtualAddress registers = saved_sp + offset;
    if (memory.read_u64(registers + ppc64::kNip * 8) != *pc) continue;
    for (std::size_t i = kFirstPreserved; i <= ppc64::kR31; ++i) {
      if (const auto value = memory.read_u64(registers + i * 8)) out.registers.set(i, *value);
    }
    break;
  }
  out.registers.set(ppc64::kNip, *pc);
  out.registers.set(ppc64::kR1, caller->value);
  return out;
}

// s390x: __switch_to() has no frame; it stores r6 to r15 where every function stores them, in the frame of its caller.
ReadResult<SwitchedOut> read_s390x_frame(const Access& access, VirtualAddress saved_sp) {
  namespace s390x = arch::s390x;
  const auto member = access.types.member("stack_frame", "gprs");
  if (!member) return tl::unexpected(ReadFault{FaultKind::kNoSuchField, saved_sp.value});
  SwitchedOut out;
  for (std::size_t reg = s390x::kR6; reg <= s390x::kSp; ++reg) {
    const auto value = access.memory.read_u64(saved_sp + member->offset + (reg - s390x::kR6) * 8);
    if (!value) return tl::unexpected(value.error());
    out.registers.set(reg, *value);
  }
  out.registers.set(s390x::kPc, *out.registers.get(s390x::kR14));
  out.registers.forget(s390x::kR14);
  out.registers.set(s390x::kSp, saved_sp.value);
  return out;
}

// v4.9 (0100301bfdf5): before struct inactive_task_frame, the switch was part of the scheduler's code: it pushed RBP,
// and went on behind its call of __switch_to().
ReadResult<SwitchedOut> read_old_x86_frame(const Access& access, VirtualAddress saved_sp) {
  constexpr std::uint64_t kMostCode = 8192;
  constexpr std::uint8_t kCall = 0xe8;
  constexpr std::uint64_t kCallBytes = 5;
  const auto frame = access.memory.read_u64(saved_sp);
  if (!frame) return tl::unexpected(frame.error());
  const auto scheduler = access.symbols.find_all("__schedule", 1);
  const auto switches = access.symbols.address_of("__switch_to");
  if (scheduler.empty() || !switches) return tl::unexpected(ReadFault{FaultKind::kNoSuchField, saved_sp.value});
  const VirtualAddress begin = scheduler.front().address;
  std::vector<std::byte> code(std::min(scheduler.front().size, kMostCode));
  if (const auto done = access.memory.read(begin, code); !done) return tl::unexpected(done.error());
  for (std::uint64_t at = 0; at + kCallBytes <= code.size(); ++at) {
    if (std::to_integer<std::uint8_t>(code[at]) != kCall) continue;
    const auto distance = load<std::int32_t>(code.data() + at + 1, ByteOrder::kLittle);
    const VirtualAddress back = begin + at + kCallBytes;
    if (back + static_cast<std::uint64_t>(std::int64_t{distance}) != *switches) continue;
    SwitchedOut out;
    out.registers.set(x86::kRip, back.value);
    out.registers.set(x86::kRsp, saved_sp.value + sizeof(std::uint64_t));
    out.registers.set(x86::kRbp, *frame);
    return out;
  }
  return tl::unexpected(ReadFault{FaultKind::kNoSuchField, saved_sp.value});
}

constexpr std::array<FrameLayout, 5> kLayouts = {
    {{"x86_64", FramePlace::kOnStack, "inactive_task_frame", kX86Registers, read_old_x86_frame},
     {"arm64", FramePlace::kInTask, "task_struct", kArm64Registers},
     {"ppc64le", FramePlace::kOnStack, "", {}, read_ppc64_frame},
     {"riscv64", FramePlace::kInTask, "task_struct", kRiscv64Registers},
     {"s390x", FramePlace::kOnStack, "", {}, read_s390x_frame}}};

}  // namespace

SwitchFrameView SwitchFrameView::bind(const arch::Architecture& architecture, Binder& binder,
                                      debuginfo::TypeSource& types) {
  SwitchFrameView view;
  view.architecture_ = &architecture;
  for (const FrameLayout& layout : kLayouts) {
    if (layout.architecture != architecture.name) continue;
    if (layout.read != nullptr && (layout.type.empty() || !types.size_of(layout.type))) {
      view.reader_ = layout.read;
      break;
    }
    view.is_in_task_ = layout.place == FramePlace::kInTask;
    if (!view.is_in_task_) view.frame_size_ = types.size_of(layout.type).value_or(0);
    for (const SavedRegister& one : layout.registers) {
      view.saved_.push_back({binder.required(layout.type, {one.member}), one.reg});
    }
  }
  return view;
}

ReadResult<SwitchedOut> SwitchFrameView::read(const Access& access, const TaskView& tasks, VirtualAddress task) const {
  const auto sp = tasks.saved_sp.read_pointer(access.memory, task);
  if (!sp) return tl::unexpected(sp.error());
  if (saved_.empty() && reader_ == nullptr) return tl::unexpected(ReadFault{FaultKind::kNoSuchField, sp->value});
  SwitchedOut out;
  if (reader_ != nullptr) {
    auto read = reader_(access, *sp);
    if (!read) return read;
    out = *read;
  } else {
    for (const Saved& saved : saved_) {
      const auto value = saved.field.read(access.memory, is_in_task_ ? task : *sp);
      if (!value) return tl::unexpected(value.error());
      out.registers.set(saved.reg, *value);
    }
    out.registers.set(architecture_->stack_pointer, sp->value + frame_size_);
  }
  const auto pc = out.registers.get(architecture_->program_counter);
  const auto symbol = pc ? access.symbols.find_covering(VirtualAddress(*pc)) : std::nullopt;
  out.pc_is_exact = symbol && symbol->offset == 0;
  return out;
}

}  // namespace whyhung::kernel
