// SPDX-License-Identifier: GPL-2.0-or-later
// From one s390x frame to its caller by the back chain: r15 points to the frame, its first word to the caller's frame,
// and a frame keeps what the function that was called from it saved: r6 to r15, the return address among them. An
// exception begins a chain of its own, whose last frame has a struct pt_regs behind it. Of an interrupted function that
// has not made its frame yet only r14 knows the caller.
#pragma once

#include "debuginfo/symbols.h"
#include "unwind/unwinder.h"

namespace whyhung::unwind {

// struct stack_frame of this kernel, whose members changed places when frames were packed.
struct S390xFrame {
  std::uint64_t back_chain = 0;
  std::uint64_t registers = 48;  // r6 to r15, of the function that was called
  std::uint64_t size = 160;
};

// Members of struct lowcore that tell what a CPU did that has just entered an interrupt.
struct S390xLowcore {
  VirtualAddress table;  // lowcore_ptr, by CPU number
  std::uint64_t external_old = 0, io_old = 0;
  std::uint64_t kernel_stack = 0, async_stack = 0;
};

class S390xStepper final : public Stepper {
 public:
  // All references must outlive the stepper.
  S390xStepper(const arch::Architecture& architecture, const VirtualMemory& memory, debuginfo::SymbolSource& symbols,
               const S390xFrame& frame, std::optional<S390xLowcore> lowcore)
      : architecture_(architecture), memory_(memory), symbols_(symbols), frame_(frame), lowcore_(lowcore) {}

  std::variant<FrameState, EndOfStack> step(const FrameState& state) override;

 private:
  using Step = std::variant<FrameState, EndOfStack>;
  // To the function whose frame is `frame`: the function called from it saved where it will be returned to.
  Step return_into(VirtualAddress frame) const;
  Step cross_exception(VirtualAddress registers) const;
  // A leaf, or a function before its frame: its caller's frame is the current one.
  std::optional<FrameState> caller_by_link_register(const FrameState& state, VirtualAddress sp) const;
  // A CPU at the first instruction of an interrupt: the status word of before is in its lowcore.
  std::optional<FrameState> under_new_interrupt(const FrameState& state, VirtualAddress sp) const;
  bool is_code(std::uint64_t address) const;
  bool has_frame(VirtualAddress pc) const;

  const arch::Architecture& architecture_;
  const VirtualMemory& memory_;
  debuginfo::SymbolSource& symbols_;
  S390xFrame frame_;
  std::optional<S390xLowcore> lowcore_;
};

}  // namespace whyhung::unwind
