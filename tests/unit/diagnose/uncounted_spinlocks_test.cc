// SPDX-License-Identifier: GPL-2.0-or-later
// Spinlocks on kernels that do not count how often preemption was disabled: every CPU in kernel code could hold one.
#include "diagnose_test_support.h"

namespace whyhung::diagnose {
namespace {

constexpr std::uint64_t kAlpha = 0xffffffff84000000, kBeta = kAlpha + 0x40;

// The CPU spins for the lock; nothing counts what it holds.
test::CpuBuilder spins(SnapshotBuilder& b, std::uint32_t cpu, std::uint32_t pid, std::uint64_t lock) {
  b.cpu(cpu)
      .runs(pid, "spinner" + std::to_string(cpu))
      .frames({"native_queued_spin_lock_slowpath", "_raw_spin_lock", "wants_lock [driver]", "kthread"})
      .held_for(30)
      .unwatched_for(30)
      .busy_wait("spinlock");
  b.cpu(cpu)->activity_preempt_depth.reset();
  b.cpu(cpu)->preempt_count = 0x80000000;
  add_resource(b, lock, ResourceKind::kSpinlock);
  model::Wait wait;
  wait.waiter = model::cpu_node(cpu);
  wait.on = model::resource_node(lock);
  wait.how = model::WaitKind::kSpins;
  b.snapshot().waits.push_back(std::move(wait));
  return b.cpu(cpu).interrupts(true);
}

SnapshotBuilder two_spinners() {
  SnapshotBuilder b;
  b.cpu(0).idles();
  spins(b, 1, 101, kAlpha);
  spins(b, 2, 102, kBeta);
  return b;
}

// The code that the CPU stands in has taken the lock.
void has_taken(SnapshotBuilder& b, std::uint32_t cpu, std::uint64_t lock) {
  auto& resources = b.snapshot().resources;
  const auto found = std::ranges::find(resources, lock, &model::Resource::address);
  found->holders.push_back({model::cpu_node(cpu), model::HolderRole::kSpins, Certainty::kLikely, {}});
}

SnapshotBuilder circle() {
  auto b = two_spinners();
  has_taken(b, 1, kBeta);
  has_taken(b, 2, kAlpha);
  return b;
}

TEST(UncountedSpinlocks, WhereEachHasTakenWhatTheOtherWantsTheCircleIsClosed) {
  const Diagnosis diagnosis = diagnose_it(circle());
  EXPECT_EQ(diagnosis.verdict, HangClass::kSpinlockDeadlock);
  ASSERT_EQ(diagnosis.findings.at(0).culprits.size(), 2u);
  EXPECT_EQ(diagnosis.confidence, Certainty::kLikely);
  EXPECT_EQ(find_link(diagnosis.findings[0], Claim::kCpuHoldsSpinlocks), nullptr) << "nothing counts what they hold";
  EXPECT_EQ(find_link(diagnosis.findings[0], Claim::kOnlyTheseCouldHold), nullptr);
  EXPECT_NE(find_link(diagnosis.findings[0], Claim::kHeldBy), nullptr);
}

TEST(UncountedSpinlocks, WhoLeftTheLocksLockedMayBeGone) {
  const Diagnosis diagnosis = diagnose_it(two_spinners());
  EXPECT_EQ(diagnosis.verdict, HangClass::kUndetermined);
  EXPECT_TRUE(diagnosis.findings.empty());
}

TEST(UncountedSpinlocks, AChainThatEndsAtALockWhichNobodyHasTakenIsNoCircle) {
  auto b = two_spinners();
  has_taken(b, 1, kBeta);
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kUndetermined) << "alpha may have been left locked";
}

TEST(UncountedSpinlocks, WhoSpinsForALockOfTheCircleIsItsVictim) {
  auto b = circle();
  spins(b, 3, 103, kAlpha);
  const Diagnosis diagnosis = diagnose_it(b);
  ASSERT_EQ(diagnosis.findings.size(), 1u);
  EXPECT_EQ(diagnosis.findings[0].culprits.size(), 2u);
  EXPECT_EQ(diagnosis.findings[0].victim_cpus, std::vector<std::uint32_t>{3});
}

TEST(UncountedSpinlocks, AnotherCpuInKernelCodeDoesNotOpenTheCircle) {
  auto b = circle();
  add_busy(b, 3, 103);
  b.cpu(3)->activity_preempt_depth.reset();
  const Diagnosis diagnosis = diagnose_it(b);
  ASSERT_FALSE(diagnosis.findings.empty());
  EXPECT_EQ(diagnosis.findings[0].hang_class, HangClass::kSpinlockDeadlock);
}

TEST(UncountedSpinlocks, AnotherCpuInKernelCodeCouldHoldThem) {
  auto b = two_spinners();
  add_busy(b, 3, 103);
  b.cpu(3)->activity_preempt_depth.reset();
  EXPECT_NE(diagnose_it(b).verdict, HangClass::kSpinlockDeadlock);
}

TEST(UncountedSpinlocks, WhoHasTakenItsLockBeforeWaitsForItself) {
  SnapshotBuilder b;
  b.cpu(0).idles();
  spins(b, 1, 101, kAlpha);
  has_taken(b, 1, kAlpha);
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kSpinlockDeadlock);
  EXPECT_EQ(diagnosis.findings.at(0).culprits.size(), 1u);
}

TEST(UncountedSpinlocks, ALockThatAllWantMayHaveBeenLeftLocked) {
  SnapshotBuilder b;
  b.cpu(0).idles();
  spins(b, 1, 101, kAlpha);
  spins(b, 2, 102, kAlpha);
  EXPECT_NE(diagnose_it(b).verdict, HangClass::kSpinlockDeadlock);
}

}  // namespace
}  // namespace whyhung::diagnose
