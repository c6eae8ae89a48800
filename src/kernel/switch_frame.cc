// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/switch_frame.h"

#include <array>

#include "arch/x86_64.h"

namespace whyhung::kernel {
namespace {

struct SavedRegister {
  std::string_view member;
  std::size_t reg;
};

// One row per architecture whose context switch leaves a frame on the stack.
struct FrameLayout {
  std::string_view architecture;
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
constexpr std::array<FrameLayout, 1> kLayouts = {{{"x86_64", "inactive_task_frame", kX86Registers}}};

}  // namespace

SwitchFrameView SwitchFrameView::bind(const arch::Architecture& architecture, Binder& binder,
                                      debuginfo::TypeSource& types) {
  SwitchFrameView view;
  view.architecture_ = &architecture;
  for (const FrameLayout& layout : kLayouts) {
    if (layout.architecture != architecture.name) continue;
    view.frame_size_ = types.size_of(layout.type).value_or(0);
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
    const auto value = saved.field.read(access.memory, *sp);
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
