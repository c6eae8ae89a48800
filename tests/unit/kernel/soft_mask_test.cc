// SPDX-License-Identifier: GPL-2.0-or-later
// Interrupts that ppc64 masks in software, by both of the ways in which kernels have written it down.
#include "kernel/soft_mask.h"

#include <gtest/gtest.h>

#include "arch/ppc64.h"
#include "arch/x86_64.h"
#include "support/fake_machine.h"

namespace whyhung::kernel {
namespace {

namespace ppc64 = arch::ppc64;

constexpr std::uint64_t kPointers = 0xc000000002a00000;
constexpr std::uint64_t kTable = 0xc000000003000000;
constexpr std::uint64_t kPaca = 0xc00000003ffff300;

arch::RegisterSet registers(std::uint64_t msr, std::uint64_t mask) {
  arch::RegisterSet set;
  set.set(ppc64::kMsr, msr);
  set.set(ppc64::kSoftMask, mask);
  return set;
}

constexpr std::uint64_t kOn = 0x8000000000009033;
constexpr std::uint64_t kOff = 0x8000000000001033;

TEST(SoftMask, ABitThatIsSetMasksInterruptsAlthoughTheCpuTakesThem) {
  test::FakeMachine machine("paca_struct 4096: irq_soft_mask@650:1");
  machine.symbols.add("paca_ptrs", kPointers, 8);
  machine.memory.write_u64(kPointers, kTable);
  machine.memory.write_u64(kTable + 8, kPaca);
  machine.memory.touch(kPaca);
  Binder binder(machine.types);
  const SoftMaskView view = SoftMaskView::bind(arch::kPpc64le, machine.access(), binder);
  EXPECT_EQ(view.enabled(registers(kOn, 0)), true);
  EXPECT_EQ(view.enabled(registers(kOn, 1)), false);
  EXPECT_EQ(view.enabled(registers(kOff, 0)), false);
  EXPECT_EQ(view.enabled_now(machine.access(), 1), true);
  machine.memory.write_sized(kPaca + 650, 3, 1);
  EXPECT_EQ(view.enabled_now(machine.access(), 1), false);
  EXPECT_EQ(view.enabled_now(machine.access(), 0), std::nullopt) << "no such CPU";
}

TEST(SoftMask, OldKernelsSayEnabledInsteadAndKeepOneArray) {
  test::FakeMachine machine("paca_struct 896: soft_enabled@650:1");
  machine.symbols.add("paca", kPointers, 8);
  machine.memory.write_u64(kPointers, kTable);
  machine.memory.touch(kTable);
  machine.memory.write_sized(kTable + 896 + 650, 1, 1);
  Binder binder(machine.types);
  const SoftMaskView view = SoftMaskView::bind(arch::kPpc64le, machine.access(), binder);
  EXPECT_EQ(view.enabled(registers(kOn, 1)), true);
  EXPECT_EQ(view.enabled(registers(kOn, 0)), false);
  EXPECT_EQ(view.enabled_now(machine.access(), 0), false);
  EXPECT_EQ(view.enabled_now(machine.access(), 1), true);
}

TEST(SoftMask, OtherMachinesHaveNone) {
  test::FakeMachine machine("task_struct 512: pid@0:4");
  Binder binder(machine.types);
  const SoftMaskView view = SoftMaskView::bind(arch::kX86_64, machine.access(), binder);
  arch::RegisterSet set;
  EXPECT_EQ(view.enabled(set), std::nullopt);
  set.set(arch::x86::kRflags, arch::x86::kInterruptFlag);
  EXPECT_EQ(view.enabled(set), true);
  EXPECT_EQ(view.enabled_now(machine.access(), 0), std::nullopt);
}

}  // namespace
}  // namespace whyhung::kernel
