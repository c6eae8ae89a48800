// SPDX-License-Identifier: GPL-2.0-or-later
// X86Stack: a kernel stack of x86_64 in a kernel with frame pointers, before v4.14, with the stacks that a CPU has for
// interrupts and NMIs.
#pragma once

#include "support/kernel_stack.h"

namespace whyhung::test {

class X86Stack final : public KernelStack {
 public:
  // Tops of the stacks that the CPU takes interrupts and NMIs on.
  struct Tops {
    std::uint64_t irq = 0, nmi = 0;
  };
  // `function` is entry code, whose stack pointer is `sp`: no frame leads further.
  X86Stack(FakeMachine& machine, std::string_view function, std::uint64_t sp, const Tops& tops);

  KernelStack& call(std::string_view callee) override;
  KernelStack& loop_in(std::string_view leaf) override;
  KernelStack& come_back_from(std::string_view callee) override;
  KernelStack& tick() override;
  KernelStack& nmi() override;
  KernelStack& system_call(std::string_view function) override;
  std::uint64_t switch_out() override;
  Spot dump_spot() override;
  std::uint64_t local(std::uint64_t bytes) const override;

 private:
  void push(std::uint64_t value);
  void push_interrupted(std::uint64_t number);
  std::uint64_t back_to(std::string_view callee) const;

  Tops tops_;
  std::uint64_t frame_pointer_ = 0;
};

// An NT_PRSTATUS of x86_64.
std::vector<std::byte> x86_prstatus(const Spot& spot, std::uint32_t pid);

}  // namespace whyhung::test
