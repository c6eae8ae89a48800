// SPDX-License-Identifier: GPL-2.0-or-later
// From one x86_64 frame to its caller without unwind tables, for kernels before ORC (v4.14), which are built with frame
// pointers: RBP leads from frame to frame, and every return address must stand behind a call. Where code has no frame
// of its own, the stack is searched for the call that leads there.
#pragma once

#include <optional>
#include <vector>

#include "debuginfo/symbols.h"
#include "unwind/unwinder.h"

namespace whyhung::unwind {

class FramePointerStepper final : public Stepper {
 public:
  // Both must outlive the stepper.
  FramePointerStepper(const VirtualMemory& memory, debuginfo::SymbolSource& symbols);

  std::variant<FrameState, EndOfStack> step(const FrameState& state) override;

 private:
  using Step = std::variant<FrameState, EndOfStack>;
  // What stands before a return address: a call of this very function, of one that is not known, or no call at all.
  enum class CallBefore : std::uint8_t { kOfFunction, kOfAnother, kIndirect, kNone };
  CallBefore call_before(std::uint64_t address, VirtualAddress function) const;
  bool is_code(std::uint64_t address) const;
  bool is_entry_code(VirtualAddress pc) const;

  // How far into its frame's making the function at `begin` is at `pc`.
  enum class Progress : std::uint8_t { kNothingPushed, kPointerPushed, kMade, kUnknown };
  Progress progress(VirtualAddress begin, VirtualAddress pc) const;

  Step step_exact(const FrameState& state, VirtualAddress function) const;
  Step follow_pointer(const FrameState& state, VirtualAddress function) const;
  Step search_for_call(const FrameState& state, VirtualAddress function) const;
  // Across entry code: the registers that the interrupt or exception saved; the end where user mode was entered from.
  std::optional<Step> cross_entry(const FrameState& state) const;
  enum class Saved : std::uint8_t { kAll, kPart };
  std::optional<FrameState> saved_registers(VirtualAddress pt_regs, Saved what) const;

  const VirtualMemory& memory_;
  debuginfo::SymbolSource& symbols_;
  std::vector<VirtualRange> entry_code_;
};

}  // namespace whyhung::unwind
