// SPDX-License-Identifier: GPL-2.0-or-later
// Holders that wait for others of whom nothing tells who they are, or that only may hold what is waited for: they are
// not accused, and the machine is not cleared.
#include "diagnose_test_support.h"

namespace whyhung::diagnose {
namespace {

constexpr std::uint64_t kLock = 0xffffffffc0002000;
constexpr std::uint64_t kReply = 0xffffffffc0002040;

// Pid 10 holds a mutex and sleeps in `functions`; pid 11 waits for it.
SnapshotBuilder holder_in(std::initializer_list<std::string_view> functions) {
  SnapshotBuilder b = idle_machine();
  add_sleeper(b, 10, 40);
  stands_in(b, 10, functions);
  add_resource(b, kLock, ResourceKind::kMutex, 10);
  add_waiter(b, 11, kLock, 35);
  return b;
}

TEST(Unlisted, AHolderThatWaitsForReadersIsNotTheCulprit) {
  for (const auto functions :
       {std::initializer_list<std::string_view>{"__schedule", "schedule", "percpu_down_write", "cgroup_attach"},
        {"__schedule", "schedule", "bit_wait", "__wait_on_bit", "out_of_line_wait_on_bit", "drop_entry [cachefs]"},
        {"__schedule", "schedule", "blk_mq_freeze_queue_wait", "elevator_switch"}}) {
    const Diagnosis diagnosis = diagnose_it(holder_in(functions));
    EXPECT_EQ(diagnosis.verdict, HangClass::kUndetermined);
    EXPECT_TRUE(has_doubt(diagnosis, Doubt::kOthersUnlisted));
    ASSERT_EQ(diagnosis.unlisted.size(), 1u);
    EXPECT_EQ(diagnosis.unlisted[0].function, *(functions.begin() + 2));
  }
}

TEST(Unlisted, CodeOfItsOwnFurtherInIsItsOwnAffair) {
  const Diagnosis diagnosis =
      diagnose_it(holder_in({"__schedule", "schedule", "waits_for_device [driver]", "percpu_down_write"}));
  EXPECT_EQ(diagnosis.verdict, HangClass::kLockHeldBySleeper);
  EXPECT_EQ(diagnosis.findings.at(0).culprits.at(0).pid, 10u);
}

TEST(Unlisted, AHolderThatSleepsForALockThatWasNotReadIsNotTheCulprit) {
  for (const auto functions :
       {std::initializer_list<std::string_view>{"__schedule", "schedule", "schedule_preempt_disabled",
                                                "__mutex_lock.constprop.0", "update [driver]"},
        {"__schedule", "schedule", "rwsem_down_write_slowpath", "down_write", "update [driver]"},
        {"__schedule", "schedule", "schedule_timeout", "__wait_for_common", "update [driver]"}}) {
    SnapshotBuilder b = holder_in(functions);
    const Diagnosis diagnosis = diagnose_it(b);
    EXPECT_EQ(diagnosis.verdict, HangClass::kUndetermined) << *(functions.begin() + 2);
    EXPECT_TRUE(has_doubt(diagnosis, Doubt::kWaitsUnread));
    ASSERT_EQ(diagnosis.unread.size(), 1u);
    EXPECT_EQ(diagnosis.unread[0].task, b.address_of(10));
  }
  const Diagnosis diagnosis = diagnose_it(holder_in({"__schedule", "schedule", "nap [driver]", "mutex_lock"}));
  EXPECT_EQ(diagnosis.verdict, HangClass::kLockHeldBySleeper) << "it sleeps in code of its own";
}

TEST(Unlisted, AHolderWhoseStackCouldNotBeReadIsNotTheCulpritEither) {
  SnapshotBuilder b = holder_in({});
  b.task(10).stack.end = model::StackEndReason::kUnreadable;
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_TRUE(diagnosis.findings.empty());
  EXPECT_TRUE(has_doubt(diagnosis, Doubt::kWaitsUnread));
}

TEST(Unlisted, AStoppedOneIsKeptByWhoStoppedIt) {
  SnapshotBuilder b = holder_in({"__schedule", "schedule", "percpu_down_write", "cgroup_attach"});
  b.task(10).state = model::TaskState::kStopped;
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kHolderFrozen);
}

TEST(Unlisted, ACompletionOfSrcuIsCompletedByReadersUnknown) {
  SnapshotBuilder b = idle_machine();
  add_resource(b, kReply, ResourceKind::kCompletion).facts = model::CompletionFacts{0, {}, false};
  add_waiter(b, 10, kReply, 40);
  stands_in(b, 10, {"__schedule", "schedule_timeout", "wait_for_completion", "__synchronize_srcu", "remove [driver]"});
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kUndetermined);
  EXPECT_TRUE(diagnosis.findings.empty());
  b = idle_machine();
  add_resource(b, kReply, ResourceKind::kCompletion).facts = model::CompletionFacts{0, {}, false};
  add_waiter(b, 10, kReply, 40);
  stands_in(b, 10, {"__schedule", "schedule_timeout", "wait_for_completion", "remove [driver]"});
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kNeverCompleted);
}

TEST(Unlisted, AReaderThatTookTheLockLastAndRanSinceMayHaveGivenItBack) {
  SnapshotBuilder b = idle_machine();
  add_sleeper(b, 10, 0.1);
  add_resource(b, kLock, ResourceKind::kRwSemaphore, 10, model::HolderRole::kReader, Certainty::kLikely);
  add_waiter(b, 11, kLock, 60);
  EXPECT_TRUE(diagnose_it(b).findings.empty());
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kUndetermined) << "a writer has waited for a minute";
}

TEST(Unlisted, WhoTookALockLastAndWaitsForWorkNowHasGivenItBack) {
  const auto taken_last = [](model::TaskState state, ResourceKind kind, model::HolderRole role) {
    SnapshotBuilder b = idle_machine();
    add_sleeper(b, 10, 70).state = state;
    add_resource(b, kLock, kind, 10, role, Certainty::kLikely);
    add_waiter(b, 11, kLock, 60);
    return diagnose_it(b);
  };
  using model::TaskState;
  for (const TaskState state : {TaskState::kInterruptible, TaskState::kStopped, TaskState::kTraced}) {
    EXPECT_EQ(taken_last(state, ResourceKind::kRwSemaphore, model::HolderRole::kReader).verdict,
              HangClass::kUndetermined);
    EXPECT_EQ(taken_last(state, ResourceKind::kSemaphore, model::HolderRole::kLastHolder).verdict,
              HangClass::kUndetermined);
  }
  EXPECT_EQ(taken_last(TaskState::kUninterruptible, ResourceKind::kRwSemaphore, model::HolderRole::kReader).verdict,
            HangClass::kRwsemReaderBlocksWriter);
}

TEST(Unlisted, WhoTookALockLastAndWantsItAgainNeedNotHaveIt) {
  const auto wants_again = [](model::HolderRole role, Certainty certainty) {
    SnapshotBuilder b = idle_machine();
    add_resource(b, kLock, ResourceKind::kRwSemaphore, 10, role, certainty);
    add_waiter(b, 10, kLock, 60);
    add_waiter(b, 11, kLock, 50);
    return diagnose_it(b);
  };
  EXPECT_EQ(wants_again(model::HolderRole::kReader, Certainty::kLikely).verdict, HangClass::kUndetermined);
  EXPECT_EQ(wants_again(model::HolderRole::kOwner, Certainty::kCertain).verdict, HangClass::kSelfDeadlock);
}

TEST(Unlisted, WhatOneWaitsForWhoOnlyTookALockLastIsHisOwnAffair) {
  SnapshotBuilder b = idle_machine();
  add_resource(b, kLock, ResourceKind::kRwSemaphore, 10, model::HolderRole::kReader, Certainty::kLikely);
  add_waiter(b, 11, kLock, 60);
  add_sleeper(b, 20, 90).state = model::TaskState::kStopped;
  add_resource(b, kReply, ResourceKind::kFileLock, 20);
  add_waiter(b, 10, kReply, 3);
  b.task(10).state = model::TaskState::kInterruptible;
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kUndetermined);
  EXPECT_TRUE(diagnosis.findings.empty()) << "the file lock has kept nobody for long";
}

TEST(Unlisted, AHolderThatRunsOnAndServesNobodyClearsNobody) {
  const auto running_holder = [](double waited) {
    SnapshotBuilder b;
    b.cpu(0).idles();
    add_busy(b, 1, 10);
    add_resource(b, kLock, ResourceKind::kMutex, 10);
    add_waiter(b, 11, kLock, waited);
    return diagnose_it(b);
  };
  const Diagnosis diagnosis = running_holder(18);
  EXPECT_EQ(diagnosis.verdict, HangClass::kUndetermined);
  EXPECT_TRUE(has_doubt(diagnosis, Doubt::kWaitsUnending));
  EXPECT_EQ(running_holder(6).verdict, HangClass::kNone) << "long work under a lock looks like this";
}

// Pid 10 holds a mutex and has waited for three seconds, with a limit of its own, for what does not come; pid 11 waits.
SnapshotBuilder holder_that_tries_again(double waited, bool has_limit = true) {
  SnapshotBuilder b = idle_machine();
  add_resource(b, kLock, ResourceKind::kMutex, 10);
  // Whether a limit is seen depends on how the compiler made the call.
  add_resource(b, kReply, ResourceKind::kCompletion).facts = model::CompletionFacts{0, {}, has_limit};
  add_waiter(b, 10, kReply, 3);
  add_waiter(b, 11, kLock, waited);
  return b;
}

TEST(Unlisted, AHolderThatTriesAgainAndAgainClearsNobody) {
  for (const bool has_limit : {true, false}) {
    const Diagnosis diagnosis = diagnose_it(holder_that_tries_again(18, has_limit));
    EXPECT_EQ(diagnosis.verdict, HangClass::kUndetermined);
    ASSERT_EQ(diagnosis.unending.size(), 1u);
    EXPECT_EQ(diagnosis.unending[0].age, 18 * kSecond);
  }
}

// All have come at once, and the mutex goes from one to the next: pid 10 has it now, and has just slept for a moment.
TEST(Unlisted, OneOfAQueueOfEqualsThatHasItsTurnIsNotTheCulprit) {
  const auto queue = [](std::string_view wanted_in) {
    SnapshotBuilder b = idle_machine();
    add_sleeper(b, 10, 0.02);
    stands_in(b, 10, {"__schedule", "schedule_timeout", "msleep", "program_entry [driver]", "kthread"});
    add_resource(b, kLock, ResourceKind::kMutex, 10);
    for (const std::uint32_t pid : {11, 12}) {
      add_waiter(b, pid, kLock, 25);
      model::WaitHow& how = b.snapshot().waits.back().how;
      how.function = wanted_in;
      how.module = "driver";
    }
    return diagnose_it(b);
  };
  EXPECT_EQ(queue("program_entry").verdict, HangClass::kUndetermined);
  EXPECT_EQ(queue("reads_entry").verdict, HangClass::kLockHeldBySleeper);
}

TEST(Unlisted, AHolderThatHasTriedForAShortTimeKeepsNobody) {
  EXPECT_EQ(diagnose_it(holder_that_tries_again(8)).verdict, HangClass::kNone);
  SnapshotBuilder b = holder_that_tries_again(18);
  add_waiter(b, 12, kLock, 1);
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kNone) << "others have come lately, as where the lock goes round";
}

}  // namespace
}  // namespace whyhung::diagnose
