// SPDX-License-Identifier: GPL-2.0-or-later
// From one x86 frame to its caller by ORC, with two fall-backs for code that ORC does not describe: a scan for the call
// that fits (hand-written assembly such as __crash_kexec), and the frame pointer (generated code). Both are marked.
#pragma once

#include "debuginfo/symbols.h"
#include "unwind/orc_table.h"
#include "unwind/unwinder.h"

namespace whyhung::unwind {

class OrcStepper final : public Stepper {
 public:
  // All references must outlive the stepper. `symbols` is asked only for the fall-backs.
  OrcStepper(const VirtualMemory& memory, OrcTables& tables, debuginfo::SymbolSource& symbols)
      : memory_(memory), tables_(tables), symbols_(symbols) {}

  std::variant<FrameState, EndOfStack> step(const FrameState& state) override;

 private:
  using Step = std::variant<FrameState, EndOfStack>;
  Step apply(const FrameState& state, const OrcRow& row) const;
  Step step_call(const FrameState& state, const OrcRow& row, VirtualAddress cfa) const;
  Step step_registers(const FrameState& state, VirtualAddress at) const;
  Step step_interrupt_return(const FrameState& state, VirtualAddress at) const;
  Step scan_for_call(const FrameState& state) const;
  Step follow_frame_pointer(const FrameState& state) const;
  Step return_from_bad_call(const FrameState& state) const;

  const VirtualMemory& memory_;
  OrcTables& tables_;
  debuginfo::SymbolSource& symbols_;
};

}  // namespace whyhung::unwind
