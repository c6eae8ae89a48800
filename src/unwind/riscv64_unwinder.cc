// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/riscv64_unwinder.h"

#include "arch/riscv64.h"
#include "unwind/riscv64_stepper.h"

namespace whyhung::unwind {
namespace {

constexpr std::uint64_t kStackAlignment = 16;
constexpr std::uint64_t kMostPtRegs = 1024;

class Riscv64Unwinder final : public Unwinder {
 public:
  Riscv64Unwinder(const UnwindInputs& inputs, std::uint64_t pt_regs_bytes)
      : architecture_(inputs.architecture),
        hooks_(inputs.memory, inputs.symbols, inputs.types),
        stepper_(inputs.architecture, inputs.memory, inputs.symbols, pt_regs_bytes) {}

  Stack walk(const WalkStart& start) override { return walk_stack(architecture_, stepper_, start, &hooks_); }
  std::optional<FrameState> find_interruption(VirtualRange stack) override;
  std::string description() const override { return "frame pointers"; }

 private:
  const arch::Architecture& architecture_;
  ReturnHooks hooks_;
  Riscv64Stepper stepper_;
};

std::optional<FrameState> Riscv64Unwinder::find_interruption(VirtualRange stack) {
  return outermost_interruption(*this, stack, [&](VirtualAddress at) { return stepper_.interrupted_at(at); });
}

}  // namespace

Result<std::unique_ptr<Unwinder>> make_riscv64_unwinder(const UnwindInputs& inputs) {
  TRY_CHECK(need_symbols(inputs));
  // arch/riscv/kernel/asm-offsets.c, PT_SIZE_ON_STACK: aligned as every stack pointer is.
  const std::uint64_t known = inputs.types.size_of("pt_regs").value_or(arch::kRiscv64.pt_regs_size);
  const std::uint64_t size = known <= kMostPtRegs ? known : arch::kRiscv64.pt_regs_size;
  return std::make_unique<Riscv64Unwinder>(inputs, (size + kStackAlignment - 1) & ~(kStackAlignment - 1));
}

}  // namespace whyhung::unwind
