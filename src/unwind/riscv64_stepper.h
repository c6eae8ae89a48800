// SPDX-License-Identifier: GPL-2.0-or-later
// From one riscv64 frame to its caller by frame pointers: s0 is what the stack pointer was when the function was
// entered, and right below that address lie the return address and the caller's s0. They lead across stacks. Three
// things they do not tell, and this does: what an exception interrupted (a return address into the entry code says that
// a struct pt_regs lies at the frame's upper end), who called a function that has no frame yet, or no return address in
// it, and what a CPU was doing that stands at the entry's first instruction.
#pragma once

#include <unordered_map>

#include "debuginfo/symbols.h"
#include "unwind/riscv64_code.h"
#include "unwind/unwinder.h"

namespace whyhung::unwind {

class Riscv64Stepper final : public Stepper {
 public:
  // `pt_regs_bytes` is what the entry takes from the stack for a struct pt_regs. All references must outlive the
  // stepper.
  Riscv64Stepper(const arch::Architecture& architecture, const VirtualMemory& memory, debuginfo::SymbolSource& symbols,
                 std::uint64_t pt_regs_bytes)
      : architecture_(architecture), memory_(memory), symbols_(symbols), pt_regs_bytes_(pt_regs_bytes) {}

  std::variant<FrameState, EndOfStack> step(const FrameState& state) override;
  // The state that an exception out of kernel code saved at `at`, whether it goes on or has returned.
  std::optional<FrameState> interrupted_at(VirtualAddress at) const;

 private:
  using Step = std::variant<FrameState, EndOfStack>;
  Step step_exact(const FrameState& state, VirtualAddress pc);
  Step step_call(const FrameState& state);
  // To the function that `frame` leads to: its return address and the caller's frame pointer in their usual places.
  Step follow(VirtualAddress frame) const;
  Step return_to(std::uint64_t pc, std::uint64_t sp, std::uint64_t frame, FrameSource source) const;
  // Across the entry code that made the struct pt_regs at `at`.
  std::optional<Step> cross_entry(VirtualAddress at) const;
  std::optional<Step> under_new_exception(const FrameState& state, VirtualAddress pc) const;
  bool is_entry(VirtualAddress pc) const;
  bool is_code(VirtualAddress address) const;
  bool is_return_address(VirtualAddress address) const;
  bool follows_call(VirtualAddress return_address) const;
  // A thread's first frame lies below room for the registers of user mode, at the stack's upper end.
  bool is_start_of_stack(VirtualAddress sp) const;
  std::optional<arch::RegisterSet> read_registers(VirtualAddress at) const;
  std::optional<Riscv64FrameShape> shape_at(VirtualAddress pc);

  const arch::Architecture& architecture_;
  const VirtualMemory& memory_;
  debuginfo::SymbolSource& symbols_;
  std::uint64_t pt_regs_bytes_;
  std::unordered_map<std::uint64_t, std::optional<Riscv64FrameShape>> shapes_;
};

}  // namespace whyhung::unwind
