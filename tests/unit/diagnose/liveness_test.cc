// SPDX-License-Identifier: GPL-2.0-or-later
// The ladder of what still ran on a CPU: interrupts, softirqs, threads; a rung is alive only while those above it are.
#include "diagnose/liveness.h"

#include <random>

#include "diagnose_test_support.h"

namespace whyhung::diagnose {
namespace {

CpuLiveness liveness_of(const SnapshotBuilder& b) {
  return diagnose(b.build()).liveness.at(0);
}

void expect_rungs(const CpuLiveness& live, Rung hardirq, Rung softirq, Rung threads, RungReason reason) {
  EXPECT_EQ(name_of(live.hardirq), name_of(hardirq));
  EXPECT_EQ(name_of(live.softirq), name_of(softirq));
  EXPECT_EQ(name_of(live.threads), name_of(threads));
  EXPECT_EQ(static_cast<int>(live.reason), static_cast<int>(reason));
}

TEST(Liveness, IdleUserAndBusyCpusAreAlive) {
  SnapshotBuilder idle;
  idle.cpu(0).idles();
  expect_rungs(liveness_of(idle), Rung::kAlive, Rung::kAlive, Rung::kAlive, RungReason::kNone);
  SnapshotBuilder user;
  user.cpu(0).runs(50, "a").user_mode();
  expect_rungs(liveness_of(user), Rung::kAlive, Rung::kAlive, Rung::kAlive, RungReason::kNone);
  SnapshotBuilder busy;
  add_busy(busy, 0, 50);
  expect_rungs(liveness_of(busy), Rung::kAlive, Rung::kAlive, Rung::kAlive, RungReason::kNone);
}

TEST(Liveness, AHogLeavesInterruptsAndSoftirqs) {
  SnapshotBuilder b;
  add_hog(b, 0).unwatched_for(30);
  expect_rungs(liveness_of(b), Rung::kAlive, Rung::kAlive, Rung::kDead, RungReason::kCpuOccupied);
}

TEST(Liveness, AHogWithAStarvedSoftirqDaemonLeavesSoftirqsInDoubt) {
  SnapshotBuilder b;
  add_hog(b, 0).unwatched_for(30).softirq_daemon(15);
  expect_rungs(liveness_of(b), Rung::kAlive, Rung::kAlive, Rung::kDead, RungReason::kCpuOccupied);
  b.task(15).state = model::TaskState::kRunning;
  b.task(15).on_runqueue = true;
  expect_rungs(liveness_of(b), Rung::kAlive, Rung::kUnknown, Rung::kDead, RungReason::kLeftToDaemon);
}

TEST(Liveness, ALoopingSoftirqTakesSoftirqsAndThreads) {
  SnapshotBuilder b;
  b.cpu(0).idles().frames({"spin [m]", "handle_softirqs"}, ContextKind::kSoftirq).loop("spin [m]", LoopYield::kNever);
  expect_rungs(liveness_of(b), Rung::kAlive, Rung::kDead, Rung::kDead, RungReason::kSoftirqLoops);
}

TEST(Liveness, DisabledSoftirqsAreDead) {
  SnapshotBuilder b;
  add_hog(b, 0).unwatched_for(30).softirq_depth(2);
  expect_rungs(liveness_of(b), Rung::kAlive, Rung::kDead, Rung::kDead, RungReason::kSoftirqsDisabled);
}

TEST(Liveness, WithInterruptsOffNothingRuns) {
  SnapshotBuilder b;
  add_hog(b, 0).interrupts(false).clock_behind(20);
  expect_rungs(liveness_of(b), Rung::kDead, Rung::kDead, Rung::kDead, RungReason::kInterruptsOff);
}

TEST(Liveness, ALoopingInterruptTakesEverything) {
  SnapshotBuilder b;
  b.cpu(0).idles().frames({"spin [m]", "asm_sysvec_apic_timer_interrupt"}, ContextKind::kHardirq);
  b.cpu(0).loop("spin [m]", LoopYield::kNever).interrupts(false);
  expect_rungs(liveness_of(b), Rung::kDead, Rung::kDead, Rung::kDead, RungReason::kInterruptLoops);
}

TEST(Liveness, StopperAndBusyWaitsHoldThreadsOnly) {
  SnapshotBuilder stopper;
  stopper.cpu(0).stopper_runs(20);
  expect_rungs(liveness_of(stopper), Rung::kAlive, Rung::kAlive, Rung::kDead, RungReason::kStopperSpins);
  SnapshotBuilder ipi;
  ipi.cpu(0).runs(50, "a").frames({"smp_call_function_many_cond"}).busy_wait("ipi");
  expect_rungs(liveness_of(ipi), Rung::kAlive, Rung::kAlive, Rung::kDead, RungReason::kWaitsForCpu);
}

TEST(Liveness, WithoutRegistersOnlyTheClockSpeaks) {
  SnapshotBuilder b;
  add_hog(b, 0).no_registers();
  expect_rungs(liveness_of(b), Rung::kUnknown, Rung::kUnknown, Rung::kUnknown, RungReason::kNoRegisters);
  b.cpu(0).clock_behind(20);
  EXPECT_EQ(liveness_of(b).hardirq, Rung::kDead);
}

// Rank on the ladder: what is dead above cannot be alive below.
TEST(Liveness, ARungIsNeverAliveBelowADeadOne) {
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    SnapshotBuilder b;
    auto cpu = b.cpu(0);
    if (random() % 4 == 0) {
      cpu.idles();
    } else {
      cpu.runs(50, "a").frames({"f"}, static_cast<ContextKind>(random() % 5));
    }
    cpu.interrupts(random() % 2 == 0).clock_behind(random() % 2 * 10).unwatched_for(random() % 2 * 30);
    if (random() % 2 == 0) cpu.loop("f", static_cast<LoopYield>(random() % 3));
    if (random() % 4 == 0) cpu.busy_wait(random() % 2 == 0 ? "ipi" : "stop-machine");
    if (random() % 4 == 0) cpu.softirq_depth(1);
    if (random() % 8 == 0) cpu.no_registers();
    const CpuLiveness live = liveness_of(b);
    EXPECT_FALSE(live.hardirq == Rung::kDead && live.softirq == Rung::kAlive);
    EXPECT_FALSE(live.softirq == Rung::kDead && live.threads == Rung::kAlive);
    EXPECT_FALSE(live.hardirq == Rung::kDead && live.threads == Rung::kAlive);
    const bool all_alive = live.threads == Rung::kAlive;
    EXPECT_EQ(all_alive, live.reason == RungReason::kNone);
  }
}

}  // namespace
}  // namespace whyhung::diagnose
