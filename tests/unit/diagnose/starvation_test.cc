// SPDX-License-Identifier: GPL-2.0-or-later
// Tasks that could run and get no CPU, holders that work on and on, and waits of which nothing else is known; and for
// each the machine that looks like it and is healthy.
#include "diagnose_test_support.h"

namespace whyhung::diagnose {
namespace {

constexpr std::uint64_t kLock = 0xffffffffc0002000;
constexpr std::uint64_t kNow = SnapshotBuilder::kNow;

// CPU 0 goes from one ordinary task to the next; pid 10 holds a mutex, is runnable there and has queued for so long;
// pid 11 waits for the mutex.
SnapshotBuilder starved_holder(double queued, double waited = 45) {
  SnapshotBuilder b;
  add_busy(b, 0, 50);
  b.task(50).priority = 100;
  model::Task& holder = add_sleeper(b, 10, queued);
  holder.state = model::TaskState::kRunning;
  holder.on_runqueue = true;
  holder.cpu = 0;
  holder.priority = 120;
  holder.policy = 5;
  holder.last_queued = kNow - static_cast<std::uint64_t>(queued * static_cast<double>(kSecond));
  add_resource(b, kLock, ResourceKind::kMutex, 10);
  add_waiter(b, 11, kLock, waited);
  return b;
}

TEST(Starvation, AHolderThatIsRunnableAndNeverRunsIsNamed) {
  const Diagnosis diagnosis = diagnose_it(starved_holder(40));
  EXPECT_EQ(verdict_of(diagnosis), "starvation likely: task10 on CPU 0");
  const Finding& finding = diagnosis.findings.at(0);
  EXPECT_EQ(fact_of(finding, Claim::kTaskStarves, "queued"), "40000000000");
  EXPECT_EQ(fact_of(finding, Claim::kOthersPreferred, "starved.is_idle_policy"), "true");
  EXPECT_EQ(fact_of(finding, Claim::kOthersPreferred, "running.nice"), "-20");
  EXPECT_EQ(finding.victim_tasks, std::vector<std::uint64_t>{SnapshotBuilder().address_of(11)});
}

TEST(Starvation, WhereAnInterruptPreemptedItTheInterruptedFunctionCounts) {
  SnapshotBuilder b = starved_holder(40);
  for (const char* function :
       {"__schedule", "preempt_schedule_irq", "irqentry_exit", "work_for_ever [busy]", "kthread"}) {
    model::StackFrame frame;
    frame.location = b.location(function);
    frame.origin =
        std::string_view(function).ends_with("[busy]") ? model::FrameOrigin::kException : model::FrameOrigin::kCall;
    b.task(10).stack.frames.push_back(frame);
  }
  EXPECT_EQ(verdict_of(b), "starvation likely: task10 on CPU 0 in work_for_ever [busy]");
}

TEST(Starvation, AHolderThatGetsItsTurnsIsNot) {
  EXPECT_EQ(diagnose_it(starved_holder(3, 20)).verdict, HangClass::kNone);
}

TEST(Starvation, ACpuThatIsHeldIsAnotherMatter) {
  SnapshotBuilder b = starved_holder(40);
  add_hog(b, 0).unwatched_for(40).loop("spin_forever [while1]", LoopYield::kNever);
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kCpuHog);
  EXPECT_EQ(diagnosis.findings.size(), 1u);
}

TEST(Starvation, ARealTimeTaskIsAnotherMatter) {
  SnapshotBuilder b = starved_holder(40);
  b.task(50).policy = 1;
  b.task(50).priority = 49;
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kRtHog);
}

TEST(Starvation, AStopperThatWaitsForOthersIsNoRealTimeHogWhoeverIsKnownToBeOne) {
  SnapshotBuilder b = starved_holder(40);
  b.task(50).policy = 1;
  b.task(50).priority = -1;
  b.cpu(0).busy_wait("stop-machine");
  for (const model::Cpu& cpu : b.build().cpus) ASSERT_FALSE(cpu.stopper);
  EXPECT_NE(diagnose_it(b).verdict, HangClass::kRtHog);
}

TEST(Starvation, AGroupThatHasUsedItsQuotaIsNamed) {
  SnapshotBuilder b = starved_holder(2, 25);
  b.task(10).throttle = {"/box", 1'000'000, 1'000'000'000, false};
  const Diagnosis diagnosis = diagnose_it(b);
  ASSERT_EQ(diagnosis.verdict, HangClass::kStarvation);
  EXPECT_EQ(fact_of(diagnosis.findings[0], Claim::kThrottled, "group"), "/box");
  EXPECT_EQ(fact_of(diagnosis.findings[0], Claim::kThrottled, "quota"), "1000000");
  EXPECT_EQ(fact_of(diagnosis.findings[0], Claim::kThrottled, "period"), "1000000000");
}

TEST(Starvation, WhoRunsOnInAGroupWithoutQuotaIsBusyAndNotStarved) {
  SnapshotBuilder b;
  b.cpu(0).runs(10, "task10").frames({"work_for_ever [busy]", "kthread", "ret_from_fork"}).held_for(0.2);
  b.cpu(0).interrupts(true);
  b.task(10).throttle = {"/box", 1'000'000, 1'000'000'000, true};
  add_resource(b, kLock, ResourceKind::kMutex, 10);
  add_waiter(b, 11, kLock, 50);
  EXPECT_EQ(verdict_of(b), "cpu-hog likely: task10 on CPU 0 in work_for_ever [busy]");
}

TEST(Starvation, AThrottledHolderIsGivenItsNextPeriods) {
  SnapshotBuilder b = starved_holder(0.5, 12);
  b.task(10).throttle = {"/box", 1'000'000, 1'000'000'000, false};
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kNone);
}

TEST(Starvation, WhoAskedForLittleIsNoHangByItself) {
  SnapshotBuilder b = starved_holder(70);
  b.snapshot().waits.clear();
  EXPECT_TRUE(diagnose_it(b).findings.empty()) << "SCHED_IDLE, and nobody waits for it";
  b.task(10).policy = 0;
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kStarvation);
  b.task(10).last_queued = kNow - 20 * kSecond;
  EXPECT_TRUE(diagnose_it(b).findings.empty()) << "it shares its CPU with many";
}

// The same holder, and it has the CPU.
SnapshotBuilder busy_holder(double youngest) {
  SnapshotBuilder b;
  b.cpu(0).runs(10, "task10").frames({"work_for_ever [busy]", "kthread", "ret_from_fork"}).held_for(0.2);
  b.cpu(0).interrupts(true);
  add_resource(b, kLock, ResourceKind::kMutex, 10);
  add_waiter(b, 11, kLock, 50);
  add_waiter(b, 12, kLock, youngest);
  return b;
}

TEST(BusyHolder, OneThatWorksOnAndOnIsNamed) {
  EXPECT_EQ(verdict_of(busy_holder(40)), "cpu-hog likely: task10 on CPU 0 in work_for_ever [busy]");
}

TEST(BusyHolder, AQueueWithYoungWaitersMoves) {
  EXPECT_EQ(diagnose_it(busy_holder(3)).verdict, HangClass::kNone);
}

TEST(BusyHolder, AWaitOfUnknownAgeProvesNothing) {
  SnapshotBuilder b = busy_holder(40);
  b.snapshot().waits.back().since.reset();
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_TRUE(diagnosis.findings.empty());
  EXPECT_TRUE(has_doubt(diagnosis, Doubt::kWaitsUnending)) << "its task has slept for long";
}

TEST(BusyHolder, AWorkItemThatDoesNotEndStallsItsQueue) {
  SnapshotBuilder b = busy_holder(40);
  b.snapshot().resources.front().kind = ResourceKind::kWorkItem;
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kWorkqueueStall);
}

TEST(UnendingWait, WhatWaitsForLongWithoutAReasonIsNoHealthyMachine) {
  SnapshotBuilder b = idle_machine();
  add_resource(b, kLock, ResourceKind::kWaitQueue);
  add_waiter(b, 11, kLock, 50);
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kUndetermined);
  EXPECT_TRUE(has_doubt(diagnosis, Doubt::kWaitsUnending));
  ASSERT_EQ(diagnosis.unending.size(), 1u);
  EXPECT_EQ(diagnosis.unending[0].resource, kLock);
  add_waiter(b, 12, kLock, 2);
  EXPECT_FALSE(has_doubt(diagnose_it(b), Doubt::kWaitsUnending)) << "its queue moves";
}

TEST(UnendingWait, WhoCanBeDisturbedMayWait) {
  SnapshotBuilder b = idle_machine();
  add_resource(b, kLock, ResourceKind::kWaitQueue);
  add_waiter(b, 11, kLock, 50);
  b.task(11).state = model::TaskState::kInterruptible;
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kNone);
}

}  // namespace
}  // namespace whyhung::diagnose
