// SPDX-License-Identifier: GPL-2.0-or-later
// Locks whose holder does not release them, completions that nobody completes, wake-ups that were lost; and for each
// the case that looks like it and is none.
#include "diagnose_test_support.h"

namespace whyhung::diagnose {
namespace {

constexpr std::uint64_t kLock = 0xffffffffc0002000;
constexpr std::uint64_t kOther = 0xffffffffc0002040;

// Pid 10 holds a mutex and sleeps; pid 11 waits for it.
SnapshotBuilder sleeping_holder(double holder_slept, double waiter_waited) {
  SnapshotBuilder b = idle_machine();
  add_sleeper(b, 10, holder_slept);
  add_resource(b, kLock, ResourceKind::kMutex, 10);
  add_waiter(b, 11, kLock, waiter_waited);
  return b;
}

TEST(Blocked, AHolderThatSleepsIsTheCulprit) {
  const Diagnosis diagnosis = diagnose_it(sleeping_holder(40, 35));
  EXPECT_EQ(diagnosis.verdict, HangClass::kLockHeldBySleeper);
  EXPECT_EQ(diagnosis.findings.at(0).culprits.at(0).pid, 10u);
  EXPECT_EQ(diagnosis.findings.at(0).victim_tasks.size(), 1u);
}

TEST(Blocked, AShortWaitIsNoHang) {
  EXPECT_EQ(diagnose_it(sleeping_holder(6, 5)).verdict, HangClass::kNone);
}

TEST(Blocked, AHolderThatStillRunsIsGivenMoreTime) {
  EXPECT_EQ(diagnose_it(sleeping_holder(0.1, 12)).verdict, HangClass::kNone) << "a queue that moves looks like this";
  EXPECT_EQ(diagnose_it(sleeping_holder(0.1, 60)).verdict, HangClass::kLockHeldBySleeper);
}

TEST(Blocked, AHolderThatIsRunnableIsNoSleeper) {
  SnapshotBuilder b = sleeping_holder(40, 35);
  b.task(10).state = model::TaskState::kRunning;
  b.task(10).on_runqueue = true;
  EXPECT_TRUE(diagnose_it(b).findings.empty());
}

TEST(Blocked, AStoppedHolderIsCalledFrozen) {
  SnapshotBuilder b = sleeping_holder(40, 35);
  b.task(10).state = model::TaskState::kStopped;
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kHolderFrozen);
}

TEST(Blocked, TheCulpritIsAtTheEndOfTheChain) {
  SnapshotBuilder b = sleeping_holder(40, 35);
  add_resource(b, kOther, ResourceKind::kMutex, 11);
  add_waiter(b, 12, kOther, 30);
  const Diagnosis diagnosis = diagnose_it(b);
  ASSERT_EQ(diagnosis.findings.size(), 1u) << "one root, one finding";
  EXPECT_EQ(diagnosis.findings[0].culprits.at(0).pid, 10u);
  EXPECT_EQ(diagnosis.findings[0].victim_tasks.size(), 2u);
}

TEST(Blocked, AHolderThatIsNotThereHasExited) {
  SnapshotBuilder b = idle_machine();
  model::Resource& lock = add_resource(b, kLock, ResourceKind::kMutex);
  lock.holders.push_back({model::task_node(0xffff888000777000), model::HolderRole::kOwner, Certainty::kCertain, {}});
  add_waiter(b, 11, kLock, 35);
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kLockHeldByExitedTask);
  EXPECT_TRUE(diagnosis.findings.at(0).culprits.empty()) << "nothing tells whose it was";
}

TEST(Blocked, WhatIsLeftOfTheHolderMayBeAnothers) {
  for (const auto& [start, is_it] : {std::pair{std::uint64_t{5}, true}, std::pair{std::uint64_t{80}, false}}) {
    SnapshotBuilder b = idle_machine();
    model::Resource& lock = add_resource(b, kLock, ResourceKind::kMutex);
    lock.holders.push_back({model::task_node(0xffff888000777000), model::HolderRole::kOwner, Certainty::kCertain, {}});
    model::facts_in<model::LockFacts>(lock).former = {77, "gone", start * kSecond};
    add_waiter(b, 11, kLock, 35);
    const Diagnosis diagnosis = diagnose_it(b);
    EXPECT_EQ(diagnosis.verdict, HangClass::kLockHeldByExitedTask);
    EXPECT_EQ(diagnosis.findings.at(0).culprits.size(), is_it ? 1u : 0u) << "it began at second " << start;
  }
}

TEST(Blocked, ATaskThatStartedAfterTheWaitIsNotItsHolder) {
  SnapshotBuilder b = sleeping_holder(9, 35);
  b.task(10).start_time = SnapshotBuilder::kNow - 10 * kSecond;
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kLockHeldByExitedTask);
  EXPECT_TRUE(diagnosis.findings.at(0).culprits.empty()) << "the task that has the memory now is innocent";
  b.task(10).start_time = SnapshotBuilder::kNow - 36 * kSecond;
  EXPECT_NE(diagnose_it(b).verdict, HangClass::kLockHeldByExitedTask);
}

TEST(Blocked, AReaderThatSleepsBlocksTheWriter) {
  SnapshotBuilder b = idle_machine();
  add_sleeper(b, 10, 40);
  add_resource(b, kLock, ResourceKind::kRwSemaphore, 10, model::HolderRole::kReader, Certainty::kLikely);
  add_waiter(b, 11, kLock, 35);
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kRwsemReaderBlocksWriter);
}

TEST(Blocked, AHintOfManyIsOnlyPossible) {
  SnapshotBuilder b = idle_machine();
  add_sleeper(b, 10, 40);
  add_resource(b, kLock, ResourceKind::kRwSemaphore, 10, model::HolderRole::kReader, Certainty::kPossible);
  add_waiter(b, 11, kLock, 35);
  EXPECT_EQ(diagnose_it(b).confidence, Certainty::kPossible);
}

TEST(Blocked, AFreeLockWithSleepersHasLostAWakeup) {
  SnapshotBuilder b = idle_machine();
  model::facts_in<model::LockFacts>(add_resource(b, kLock, ResourceKind::kMutex)).has_no_owner = true;
  add_waiter(b, 11, kLock, 35);
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kLostWakeup);
  b.task(11).on_runqueue = true;
  EXPECT_NE(diagnose_it(b).verdict, HangClass::kLostWakeup) << "it was woken and has not run yet";
}

TEST(Blocked, ACompletionIsDoneOrNobodysOrNotYetLate) {
  SnapshotBuilder b = idle_machine();
  add_resource(b, kLock, ResourceKind::kCompletion).facts = model::CompletionFacts{0, {}, false};
  add_waiter(b, 11, kLock, 35);
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kNeverCompleted);
  b.task(11).state = model::TaskState::kInterruptible;
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kNone) << "so do threads wait for work";
  b.task(11).state = model::TaskState::kUninterruptible;
  b.snapshot().resources.at(0).facts = model::CompletionFacts{1, {}, false};
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kLostWakeup);
}

TEST(Blocked, AWaitWithATimeLimitEndsByItself) {
  SnapshotBuilder b = idle_machine();
  add_resource(b, kLock, ResourceKind::kCompletion).facts = model::CompletionFacts{0, {}, true};
  add_waiter(b, 11, kLock, 20);
  EXPECT_TRUE(diagnose_it(b).findings.empty());
}

TEST(Deadlock, TwoMutexesInOppositeOrder) {
  SnapshotBuilder b = idle_machine();
  add_waiter(b, 10, kLock, 3);
  add_waiter(b, 11, kOther, 3);
  add_waiter(b, 12, kLock, 3);
  add_resource(b, kLock, ResourceKind::kMutex, 11);
  add_resource(b, kOther, ResourceKind::kMutex, 10);
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kMutexDeadlock);
  EXPECT_EQ(diagnosis.confidence, Certainty::kCertain) << "however young it is";
  ASSERT_EQ(diagnosis.findings.size(), 1u);
  EXPECT_EQ(diagnosis.findings[0].culprits.size(), 2u) << "who only queues behind is a victim";
  EXPECT_EQ(diagnosis.findings[0].victim_tasks, std::vector{b.address_of(12)});
}

TEST(Deadlock, TheSameOrderIsNone) {
  SnapshotBuilder b = idle_machine();
  add_waiter(b, 10, kLock, 3);
  add_waiter(b, 12, kOther, 3);
  add_resource(b, kLock, ResourceKind::kMutex, 11);
  add_resource(b, kOther, ResourceKind::kMutex, 10);
  add_sleeper(b, 11, 0.5);
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kNone);
}

TEST(Deadlock, IsNamedByWhatItConsistsOf) {
  const auto circle_of = [](ResourceKind one, ResourceKind other) {
    SnapshotBuilder b = idle_machine();
    add_waiter(b, 10, kLock, 30);
    add_waiter(b, 11, kOther, 30);
    add_resource(b, kLock, one, 11);
    add_resource(b, kOther, other, 10);
    return diagnose_it(b).verdict;
  };
  EXPECT_EQ(circle_of(ResourceKind::kMutex, ResourceKind::kRwSemaphore), HangClass::kMixedLockCycle);
  EXPECT_EQ(circle_of(ResourceKind::kMutex, ResourceKind::kCompletion), HangClass::kMixedLockCycle);
  EXPECT_EQ(circle_of(ResourceKind::kMutex, ResourceKind::kWorkItem), HangClass::kWorkqueueFlushDeadlock);
  SnapshotBuilder b = idle_machine();
  add_waiter(b, 10, kLock, 1);
  add_resource(b, kLock, ResourceKind::kMutex, 10);
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kSelfDeadlock);
}

TEST(Deadlock, ACircleThroughAHintMustHaveLasted) {
  for (const double seconds : {2.0, 30.0}) {
    SnapshotBuilder b = idle_machine();
    add_waiter(b, 10, kLock, seconds);
    add_waiter(b, 11, kOther, seconds);
    add_resource(b, kLock, ResourceKind::kRwSemaphore, 11, model::HolderRole::kReader, Certainty::kLikely);
    add_resource(b, kOther, ResourceKind::kMutex, 10);
    const Diagnosis diagnosis = diagnose_it(b);
    EXPECT_EQ(diagnosis.verdict, seconds > 8 ? HangClass::kMixedLockCycle : HangClass::kNone);
    EXPECT_EQ(diagnosis.confidence, Certainty::kLikely);
  }
}

TEST(Deadlock, IsNoSurerThanItsWeakestPart) {
  SnapshotBuilder b = idle_machine();
  add_waiter(b, 10, kLock, 30);
  add_waiter(b, 11, kOther, 30);
  add_resource(b, kLock, ResourceKind::kWorkItem, 11, model::HolderRole::kOccupiesPool, Certainty::kPossible);
  add_resource(b, kOther, ResourceKind::kMutex, 10);
  EXPECT_EQ(diagnose_it(b).confidence, Certainty::kPossible);
}

TEST(SpinlockDeadlock, NeedsEveryPossibleHolderToSpin) {
  SnapshotBuilder b;
  for (const std::uint32_t cpu : {0u, 1u}) {
    b.cpu(cpu).runs(20 + cpu, "spinner").frames({"native_queued_spin_lock_slowpath", "_raw_spin_lock", "f [m]"});
    b.cpu(cpu).busy_wait("spinlock").interrupts(true).unwatched_for(40).preempt_depth(2);
    test::add_resource(b, kLock + cpu * 4, ResourceKind::kSpinlock);
    b.snapshot().waits.push_back({model::cpu_node(cpu),
                                  model::resource_node(kLock + cpu * 4),
                                  model::WaitKind::kSpins,
                                  {},
                                  Certainty::kCertain,
                                  {}});
  }
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kSpinlockDeadlock);
  EXPECT_EQ(diagnosis.findings.at(0).culprits.size(), 2u);
  EXPECT_EQ(diagnosis.findings.at(0).culprits.at(0).function, "f");
  SnapshotBuilder held = b;
  held.cpu(2).runs(30, "holder").frames({"g [m]"}).interrupts(true).preempt_depth(1);
  EXPECT_NE(diagnose_it(held).verdict, HangClass::kSpinlockDeadlock) << "a third CPU may hold the locks";
  SnapshotBuilder brief = b;
  brief.cpu(0).unwatched_for(1);
  brief.cpu(1).unwatched_for(1);
  EXPECT_NE(diagnose_it(brief).verdict, HangClass::kSpinlockDeadlock) << "they only contend";
}

}  // namespace
}  // namespace whyhung::diagnose
