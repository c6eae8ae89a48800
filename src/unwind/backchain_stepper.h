// SPDX-License-Identifier: GPL-2.0-or-later
// From one ppc64le frame to its caller by the back chain: r1 points to the frame, its first word to the caller's frame,
// and a frame keeps the return address of what its function called. Exceptions put a marker and a struct pt_regs in
// their frame; across it the interrupted function is found even if it had no frame of its own.
#pragma once

#include <unordered_map>

#include "debuginfo/symbols.h"
#include "unwind/ppc64_code.h"
#include "unwind/unwinder.h"

namespace whyhung::unwind {

class BackchainStepper final : public Stepper {
 public:
  // All references must outlive the stepper.
  BackchainStepper(const arch::Architecture& architecture, const VirtualMemory& memory,
                   debuginfo::SymbolSource& symbols)
      : architecture_(architecture), memory_(memory), symbols_(symbols) {
    const auto begin = symbols.address_of("_stext");
    const auto end = symbols.address_of("__end_interrupts");
    if (begin && end) vectors_ = {*begin, *end};
  }

  std::variant<FrameState, EndOfStack> step(const FrameState& state) override;
  // The state that an exception out of kernel code saved in a frame at `sp`, whether it goes on or has returned.
  std::optional<FrameState> interrupted_at(VirtualAddress sp) const;

 private:
  using Step = std::variant<FrameState, EndOfStack>;
  Step step_exact(const FrameState& state, VirtualAddress pc, VirtualAddress sp);
  Step step_call(VirtualAddress pc, VirtualAddress sp);
  Step step_exception(VirtualAddress saved_at) const;
  // Under an exception that has saved nothing yet: what the exception before it found at the same place.
  std::optional<FrameState> earlier_interruption(const FrameState& state, VirtualAddress sp) const;
  bool is_vector(const FrameState& state, VirtualAddress pc) const;
  Step return_through(VirtualAddress caller_frame) const;
  Step make_caller(std::uint64_t pc, VirtualAddress sp, FrameSource source) const;
  // The struct pt_regs in the frame at `sp`, when an exception made the frame. One that has returned is told from one
  // that goes on by its marker, which the way back wipes out.
  enum class Exception : std::uint8_t { kGoingOn, kAny };
  std::optional<VirtualAddress> exception_registers(VirtualAddress sp, Exception wanted = Exception::kGoingOn) const;
  std::optional<Ppc64FrameShape> shape_at(VirtualAddress pc);
  bool is_code(std::uint64_t address) const;
  bool same_function(std::uint64_t one, std::uint64_t other) const;

  const arch::Architecture& architecture_;
  const VirtualMemory& memory_;
  debuginfo::SymbolSource& symbols_;
  VirtualRange vectors_;  // the first instructions of all exceptions
  std::unordered_map<std::uint64_t, std::optional<Ppc64FrameShape>> shapes_;
};

}  // namespace whyhung::unwind
