// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/switch_frame.h"

#include <array>

#include "arch/arm64.h"
#include "arch/x86_64.h"

namespace whyhung::kernel {
namespace {

struct SavedRegister {
  std::string_view member;
  std::size_t reg;
};

enum class FramePlace : std::uint8_t {
  kOnStack,  // at the saved stack pointer, and the task goes on above it
  kInTask,   // in the task itself
};

// One row per architecture: where its context switch leaves the registers that a function must keep.
struct FrameLayout {
  std::string_view architecture;
  FramePlace place;
  std::string_view type;
  std::span<const SavedRegister> registers;
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
constexpr std::array<FrameLayout, 2> kLayouts = {
    {{"x86_64", FramePlace::kOnStack, "inactive_task_frame", kX86Registers},
     {"arm64", FramePlace::kInTask, "task_struct", kArm64Registers}}};

}  // namespace

SwitchFrameView SwitchFrameView::bind(const arch::Architecture& architecture, Binder& binder,
                                      debuginfo::TypeSource& types) {
  SwitchFrameView view;
  view.architecture_ = &architecture;
  for (const FrameLayout& layout : kLayouts) {
    if (layout.architecture != architecture.name) continue;
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
  if (saved_.empty()) return tl::unexpected(ReadFault{FaultKind::kNoSuchField, sp->value});
  SwitchedOut out;
  for (const Saved& saved : saved_) {
    const auto value = saved.field.read(access.memory, is_in_task_ ? task : *sp);
    if (!value) return tl::unexpected(value.error());
    out.registers.set(saved.reg, *value);
  }
  out.registers.set(architecture_->stack_pointer, sp->value + frame_size_);
  const auto pc = out.registers.get(architecture_->program_counter);
  const auto symbol = pc ? access.symbols.find_covering(VirtualAddress(*pc)) : std::nullopt;
  out.pc_is_exact = symbol && symbol->offset == 0;
  return out;
}

}  // namespace whyhung::kernel
