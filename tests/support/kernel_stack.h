// SPDX-License-Identifier: GPL-2.0-or-later
// KernelStack: a kernel stack, written frame by frame from the outermost inward, as the functions that lie in the
// machine's memory would have made it: frame sizes and return addresses are read from their code. One class per
// machine.
#pragma once

#include <string>
#include <vector>

#include "support/fake_machine.h"

namespace whyhung::test {

// Where a CPU stands, as far as a note of its registers tells.
struct Spot {
  std::uint64_t pc = 0, sp = 0;
  std::uint64_t link = 0;           // where a register holds the return address
  std::uint64_t frame_pointer = 0;  // where there is one
  bool takes_interrupts = true;
};

class KernelStack {
 public:
  KernelStack(FakeMachine& machine, std::string_view function, std::uint64_t sp)
      : machine_(machine), function_(function), sp_(sp) {}
  virtual ~KernelStack() = default;
  KernelStack(const KernelStack&) = delete;
  KernelStack& operator=(const KernelStack&) = delete;

  // The innermost function calls `callee`.
  virtual KernelStack& call(std::string_view callee) = 0;
  KernelStack& path(std::initializer_list<std::string_view> callees) {
    for (const std::string_view callee : callees) call(callee);
    return *this;
  }
  // The innermost function has called `leaf`, which jumps on the spot; or it is back from `callee`.
  virtual KernelStack& loop_in(std::string_view leaf) = 0;
  virtual KernelStack& come_back_from(std::string_view callee) = 0;
  // A timer interrupt comes at the spot; hrtimer_interrupt() is reached.
  virtual KernelStack& tick() = 0;
  // An NMI comes at the spot; do_nmi() is reached. Throws on a machine that has none.
  virtual KernelStack& nmi() { throw std::invalid_argument("no NMI"); }
  // Registers of user mode, as far as the function of a system call.
  virtual KernelStack& system_call(std::string_view function) = 0;
  // The innermost function is __schedule(), and the task is switched out: what thread.sp is then.
  virtual std::uint64_t switch_out() = 0;
  std::uint64_t sleep() { return path({"schedule", "__schedule"}).switch_out(); }

  const Spot& spot() const { return spot_; }
  void mask_interrupts() { spot_.takes_interrupts = false; }
  // What the kernel saves of a CPU in crash_kexec(), which is the innermost function.
  virtual Spot dump_spot() = 0;
  // Room for `bytes` in the innermost frame. Throws when the frame is smaller.
  virtual std::uint64_t local(std::uint64_t bytes) const = 0;
  // Where the innermost interrupt put the registers.
  std::uint64_t registers() const { return registers_; }
  // Wipes out what an interrupt that has returned leaves on the stack to be known by, where there is such a mark.
  virtual void wipe_mark() {}

 protected:
  FakeMachine& machine_;
  std::string function_;  // the innermost
  std::uint64_t sp_;
  std::uint64_t registers_ = 0;
  Spot spot_;
};

std::uint64_t address_of(FakeMachine& machine, std::string_view symbol);
// The symbol of a function and its code. Throws when there is none.
debuginfo::Symbol function_named(FakeMachine& machine, std::string_view name);
std::vector<std::byte> code_of(FakeMachine& machine, const debuginfo::Symbol& function);

}  // namespace whyhung::test
