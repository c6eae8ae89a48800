// SPDX-License-Identifier: GPL-2.0-or-later
// PowerStack: a kernel stack of ppc64le, written frame by frame from the outermost inward, as the functions that lie in
// the machine's memory would have made it: frame sizes and return addresses are read from their code.
#pragma once

#include "arch/registers.h"
#include "support/fake_machine.h"

namespace whyhung::test {

class PowerStack {
 public:
  // The outermost frame is at `sp`; its chain is `chain`: 0 at the start of a thread.
  PowerStack(FakeMachine& machine, std::uint64_t sp, std::uint64_t chain);

  // `caller`, whose frame is the innermost, calls `callee`. Both by name.
  PowerStack& call(std::string_view caller, std::string_view callee);
  // An interrupt comes at `nip`, `link` being in LR: its frame, marked as one that goes on. `entry` has been reached.
  PowerStack& interrupt(std::uint64_t nip, std::uint64_t link);
  // Registers of user mode in the frame of a system call.
  PowerStack& system_call(std::uint64_t user_nip, std::uint64_t user_sp);
  // The frame that the context switch leaves in `caller`, and what thread.ksp is then.
  std::uint64_t switch_out(std::string_view caller);

  std::uint64_t sp() const { return sp_; }
  // Where the innermost interrupt put the registers.
  std::uint64_t registers() const { return registers_; }

  // The interrupts that were taken have returned: kernels of 2020 wipe the mark out, older ones do not.
  void wipe_mark() const { machine_.memory.write_u64(registers_ - 16, 0); }

 private:
  void push(std::uint64_t bytes);
  void write_registers(std::uint64_t nip, std::uint64_t msr, std::uint64_t link, std::uint64_t trap,
                       std::uint64_t interrupted_sp);

  FakeMachine& machine_;
  std::uint64_t sp_;
  std::uint64_t registers_ = 0;
};

// Behind the call of `callee` in `caller`; an indirect call when there is no direct one. Throws when there is none.
std::uint64_t return_address(FakeMachine& machine, std::string_view caller, std::string_view callee);
// Bytes of a function's frame: 0 of one that makes none.
std::uint64_t frame_size(FakeMachine& machine, std::string_view function);
std::uint64_t address_of(FakeMachine& machine, std::string_view symbol);

// An NT_PRSTATUS of ppc64le.
std::vector<std::byte> power_prstatus(std::uint64_t nip, std::uint64_t sp, std::uint64_t link, std::uint32_t pid);

}  // namespace whyhung::test
