// SPDX-License-Identifier: GPL-2.0-or-later
// From one x86_64 frame to its caller without unwind tables, for kernels that are built with frame pointers: all before
// ORC (v4.14), and those since whose makers chose so. RBP leads from frame to frame, and every return address must
// stand behind a call. Where code has no frame of its own, the stack is searched for the call that leads there.
#pragma once

#include <optional>
#include <vector>

#include "debuginfo/symbols.h"
#include "unwind/unwinder.h"
#include "unwind/x86_64_code.h"

namespace whyhung::unwind {

class FramePointerStepper final : public Stepper {
 public:
  // All must outlive the stepper.
  FramePointerStepper(const VirtualMemory& memory, debuginfo::SymbolSource& symbols, ReturnHooks& hooks);

  std::variant<FrameState, EndOfStack> step(const FrameState& state) override;

 private:
  using Step = std::variant<FrameState, EndOfStack>;
  bool is_entry_code(VirtualAddress pc) const;

  Step step_exact(const FrameState& state, VirtualAddress function) const;
  Step follow_pointer(const FrameState& state, VirtualAddress function) const;
  Step search_for_call(const FrameState& state, VirtualAddress function) const;
  std::optional<FrameState> caller_without_frame(const FrameState& state, VirtualAddress function) const;
  // The stack pointer that the frame pointer is above of: another stack's where C code went to one of its own.
  std::uint64_t stack_of_frame(const FrameState& state) const;
  // Across entry code: the registers that the interrupt or exception saved; the end where user mode was entered from.
  std::optional<Step> cross_entry(const FrameState& state) const;
  // At an instruction of entry code, before all registers are saved: what the processor pushed is on the stack.
  std::optional<Step> cross_unfinished_entry(const FrameState& state) const;
  enum class Saved : std::uint8_t { kAll, kPart };
  std::optional<FrameState> saved_registers(VirtualAddress pt_regs, Saved what) const;
  std::optional<FrameState> interrupted_at(VirtualAddress frame, const FrameState& state) const;

  const VirtualMemory& memory_;
  debuginfo::SymbolSource& symbols_;
  X86Code code_;
  std::vector<VirtualRange> entry_code_;
};

}  // namespace whyhung::unwind
