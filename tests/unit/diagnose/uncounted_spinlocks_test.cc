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

TEST(UncountedSpinlocks, WhereAllInKernelCodeSpinForDifferentLocksTheCircleIsClosed) {
  const Diagnosis diagnosis = diagnose_it(two_spinners());
  EXPECT_EQ(diagnosis.verdict, HangClass::kSpinlockDeadlock);
  ASSERT_EQ(diagnosis.findings.at(0).culprits.size(), 2u);
  EXPECT_EQ(diagnosis.confidence, Certainty::kLikely);
  EXPECT_EQ(find_link(diagnosis.findings[0], Claim::kCpuHoldsSpinlocks), nullptr) << "nothing counts what they hold";
}

TEST(UncountedSpinlocks, AnotherCpuInKernelCodeCouldHoldThem) {
  auto b = two_spinners();
  add_busy(b, 3, 103);
  b.cpu(3)->activity_preempt_depth.reset();
  EXPECT_NE(diagnose_it(b).verdict, HangClass::kSpinlockDeadlock);
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
