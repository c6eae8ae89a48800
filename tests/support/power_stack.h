// SPDX-License-Identifier: GPL-2.0-or-later
// PowerStack: a kernel stack of ppc64le, with its back chain and link register slots.
#pragma once

#include "arch/registers.h"
#include "support/kernel_stack.h"

namespace whyhung::test {

class PowerStack final : public KernelStack {
 public:
  // The outermost frame, that of `function`, is at `sp`: the start of a thread.
  PowerStack(FakeMachine& machine, std::string_view function, std::uint64_t sp);

  KernelStack& call(std::string_view callee) override;
  KernelStack& loop_in(std::string_view leaf) override;
  KernelStack& come_back_from(std::string_view callee) override;
  KernelStack& tick() override;
  KernelStack& system_call(std::string_view function) override;
  std::uint64_t switch_out() override;
  Spot dump_spot() override;
  std::uint64_t local(std::uint64_t bytes) const override;
  // Kernels of 2020 wipe the mark out, older ones do not.
  void wipe_mark() override { machine_.memory.write_u64(registers_ - 16, 0); }

 private:
  void push(std::uint64_t bytes);
  void write_registers(std::uint64_t nip, std::uint64_t msr, std::uint64_t link, std::uint64_t trap,
                       std::uint64_t interrupted_sp);
  std::uint64_t back_to(std::string_view caller, std::string_view callee) const;

  std::uint64_t caller_sp_ = 0;  // of the innermost frame's caller
  std::string caller_;
};

// An NT_PRSTATUS of ppc64le.
std::vector<std::byte> power_prstatus(const Spot& spot, std::uint32_t pid);

}  // namespace whyhung::test
