// SPDX-License-Identifier: GPL-2.0-or-later
// CPUs that spin for a spinlock: which lock it is, told by their registers.
#include "collect_test_support.h"

namespace whyhung::collect {
namespace {

namespace x86 = arch::x86;

constexpr std::uint64_t kLock = 0xffffffff87000040, kOther = 0xffffffff87000080, kFree = 0xffffffff870000c0;

class SpinlocksTest : public CollectTest {
 protected:
  SpinlocksTest() {
    kernel.add_task(100, "worker");
    kernel.name_variable("alpha_lock [alpha]", kLock, 4);
    kernel.machine.memory.write_u32(kLock, 0x00040001);
    kernel.machine.memory.write_u32(kOther, 1);
  }
  using Values = std::vector<std::pair<std::size_t, std::uint64_t>>;
  // CPU 1 spins for a lock with these registers.
  void spins(const Values& values, std::string_view function = "native_queued_spin_lock_slowpath") {
    FakeFrame spinning(std::string(function).c_str());
    for (const auto& [reg, value] : values) spinning.registers.set(reg, value);
    kernel.run(1, 100, {spinning, "_raw_spin_lock_irqsave", "wants_the_lock [alpha]", "kthread"}, false);
  }
  Addresses cpu_waits() { return waits_of(model::cpu_node(1)); }
};

TEST_F(SpinlocksTest, TheLockIsTheTakenOneThatMostRegistersHold) {
  spins({{x86::kRdi, kLock}, {x86::kRbx, kLock}, {x86::kRsi, kOther}});
  EXPECT_EQ(cpu_waits(), Addresses{kLock});
  EXPECT_EQ(cpu(1).busy_wait, model::BusyWait::kSpinlock);
  const model::Wait& wait = wait_of(model::cpu_node(1));
  EXPECT_EQ(how_of(wait), "spins in wants_the_lock [alpha]");
  EXPECT_EQ(evidence(wait.evidence, "native_queued_spin_lock_slowpath"), "");
  const model::Resource& found = resource(kLock);
  EXPECT_EQ(found.kind, model::ResourceKind::kSpinlock);
  EXPECT_EQ(found.name, "alpha_lock [alpha]");
  EXPECT_EQ(evidence(found.evidence, "spinlock's word"), "0x40001");
  EXPECT_EQ(holders_of(found), Nodes{}) << "a spinlock does not say who holds it";
}

TEST_F(SpinlocksTest, ThatARegisterHoldsTheLockIsAGuessAndATieIsSaid) {
  spins({{x86::kRdi, kLock}, {x86::kRbx, kLock}, {x86::kRsi, kOther}});
  EXPECT_EQ(wait_of(model::cpu_node(1)).certainty, model::Certainty::kLikely);
  EXPECT_EQ(evidence(wait_of(model::cpu_node(1)).evidence, "registers that hold the lock's address"), "2");
}

TEST_F(SpinlocksTest, OfTwoThatLookAlikeNeitherIsMoreThanPossible) {
  spins({{x86::kRdi, kLock}, {x86::kRsi, kOther}});
  const model::Wait& wait = wait_of(model::cpu_node(1));
  EXPECT_EQ(wait.certainty, model::Certainty::kPossible);
  EXPECT_EQ(evidence(wait.evidence, "other values in as many registers that look like a taken lock"), "1");
}

TEST_F(SpinlocksTest, AFreeLockIsNotWhatOneSpinsFor) {
  kernel.machine.memory.write_u32(kFree, 0);
  spins({{x86::kRdi, kFree}, {x86::kRbx, kFree}, {x86::kRsi, kOther}});
  EXPECT_EQ(cpu_waits(), Addresses{kOther});
}

TEST_F(SpinlocksTest, AParavirtualLocksWordIsTakenToo) {
  kernel.machine.memory.write_u32(kLock, 3);
  spins({{x86::kRdi, kLock}}, "__pv_queued_spin_lock_slowpath");
  EXPECT_EQ(cpu_waits(), Addresses{kLock});
}

TEST_F(SpinlocksTest, ValuesThatCannotBeALockAreNone) {
  kernel.machine.memory.write_u32(0x1000, 1);
  kernel.machine.memory.write_u32(FakeKernel::cpu_sp(1), 1);
  spins({{x86::kRdi, 0x1000}, {x86::kRbx, kLock + 2}, {x86::kRax, 0xffffffff99990000}});
  EXPECT_EQ(cpu_waits(), Addresses{}) << "user memory, not aligned, not in the dump; and the stack pointer";
  EXPECT_TRUE(snapshot().resources.empty());
}

TEST_F(SpinlocksTest, TwoCpusForOneLockAreTwoWaitsAndOneLock) {
  spins({{x86::kRdi, kLock}});
  kernel.add_task(101, "other");
  FakeFrame spinning("native_queued_spin_lock_slowpath");
  spinning.registers.set(x86::kRdi, kLock);
  kernel.run(2, 101, {spinning, "_raw_spin_lock", "wants_it_too"});
  EXPECT_EQ(cpu_waits(), Addresses{kLock});
  EXPECT_EQ(waits_of(model::cpu_node(2)), Addresses{kLock});
  EXPECT_EQ(snapshot().resources.size(), 1u);
}

TEST_F(SpinlocksTest, TheRegistersAreThoseOfTheSpinningCodeNotOfTheNmiOnTop) {
  FakeFrame nmi("crash_nmi_callback"), spinning = interrupted("native_queued_spin_lock_slowpath", false);
  nmi.registers.set(x86::kRdi, kOther);
  spinning.registers.set(x86::kRdi, kLock);
  kernel.run(1, 100, {nmi, "asm_exc_nmi", spinning, "_raw_spin_lock", "wants_the_lock [alpha]"});
  EXPECT_EQ(cpu_waits(), Addresses{kLock});
}

TEST_F(SpinlocksTest, WhoDoesNotSpinWaitsForNoLock) {
  FakeFrame busy("computes [alpha]");
  busy.registers.set(x86::kRdi, kLock);
  kernel.run(1, 100, {busy, "kthread"});
  EXPECT_EQ(cpu_waits(), Addresses{});
}

TEST_F(SpinlocksTest, ALockWithoutASymbolHasNoName) {
  spins({{x86::kRdi, kOther}});
  EXPECT_EQ(resource(kOther).name, "");
}

TEST_F(SpinlocksTest, FramesWithoutRegistersTellNoLock) {
  spins({{x86::kRdi, kLock}});
  kernel.cpu_stack(1).frames[0].registers.reset();
  EXPECT_EQ(cpu_waits(), Addresses{});
  EXPECT_EQ(cpu(1).busy_wait, model::BusyWait::kSpinlock) << "that it spins is known";
}

}  // namespace
}  // namespace whyhung::collect
