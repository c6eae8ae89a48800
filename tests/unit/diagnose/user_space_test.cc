// SPDX-License-Identifier: GPL-2.0-or-later
// Hangs whose root lies outside of the kernel's own logic: locks of user space, servers, devices; and for each the case
// that looks like it and is none.
#include "diagnose_test_support.h"

namespace whyhung::diagnose {
namespace {

constexpr std::uint64_t kFirst = 0xffff888000011000;
constexpr std::uint64_t kOther = 0xffff888000012000;

// Pid 10 holds a lock of user space; pid 11 waits for it, interruptibly.
SnapshotBuilder held(ResourceKind kind, double slept, double waited) {
  SnapshotBuilder b = idle_machine();
  add_sleeper(b, 10, slept).state = model::TaskState::kInterruptible;
  add_resource(b, kFirst, kind, 10);
  add_waiter(b, 11, kFirst, waited);
  b.task(11).state = model::TaskState::kInterruptible;
  return b;
}

TEST(UserLock, AHolderMayKeepItAsLongAsItLikes) {
  for (const ResourceKind kind : {ResourceKind::kFileLock, ResourceKind::kFutex}) {
    EXPECT_EQ(diagnose_it(held(kind, 90, 80)).verdict, HangClass::kNone);
  }
  SnapshotBuilder b = held(ResourceKind::kRtMutex, 90, 80);
  model::facts_in<model::LockFacts>(b.snapshot().resources.at(0)).is_futex = true;
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kNone);
}

TEST(UserLock, AnRtMutexOfTheKernelIsNoLockOfUserSpace) {
  EXPECT_EQ(diagnose_it(held(ResourceKind::kRtMutex, 90, 80)).verdict, HangClass::kLockHeldBySleeper);
}

TEST(UserLock, AStoppedHolderIsCalledFrozen) {
  for (const ResourceKind kind : {ResourceKind::kFileLock, ResourceKind::kFutex}) {
    SnapshotBuilder b = held(kind, 40, 35);
    b.task(10).state = model::TaskState::kStopped;
    const Diagnosis diagnosis = diagnose_it(b);
    EXPECT_EQ(diagnosis.verdict, HangClass::kHolderFrozen);
    EXPECT_EQ(diagnosis.findings.at(0).culprits.at(0).pid, 10u);
    EXPECT_EQ(fact_of(diagnosis.findings[0], Claim::kHolderStopped, "state"), "stopped");
  }
}

TEST(UserLock, AFrozenHolderIsCalledFrozen) {
  SnapshotBuilder b = held(ResourceKind::kFileLock, 40, 35);
  b.task(10).frozen = true;
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kHolderFrozen);
  EXPECT_EQ(fact_of(diagnosis.findings.at(0), Claim::kHolderStopped, "is_frozen"), "true");
}

TEST(UserLock, AHolderThatWasStoppedJustNowHoldsNobodyUp) {
  SnapshotBuilder b = held(ResourceKind::kFileLock, 3, 2);
  b.task(10).state = model::TaskState::kStopped;
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kNone);
}

TEST(UserLock, AHolderThatHasGoneIsNotAccused) {
  SnapshotBuilder b = held(ResourceKind::kFileLock, 40, 35);
  b.task(10).state = model::TaskState::kZombie;
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kNone);
}

SnapshotBuilder circle(ResourceKind first, ResourceKind second, double seconds) {
  SnapshotBuilder b = held(first, seconds, seconds);
  add_resource(b, kOther, second, 11, model::HolderRole::kOwner, Certainty::kLikely);
  add_waiter(b, 10, kOther, seconds);
  return b;
}

TEST(UserLock, ACircleOfThemIsADeadlockOfUserSpace) {
  const Diagnosis diagnosis = diagnose_it(circle(ResourceKind::kFutex, ResourceKind::kFutex, 30));
  EXPECT_EQ(diagnosis.verdict, HangClass::kUserSpaceLock);
  EXPECT_EQ(diagnosis.findings.at(0).culprits.size(), 2u);
  EXPECT_EQ(diagnose_it(circle(ResourceKind::kFutex, ResourceKind::kFileLock, 30)).verdict, HangClass::kUserSpaceLock);
}

TEST(UserLock, ACircleThatIsOnlyInferredMustHaveLasted) {
  EXPECT_EQ(diagnose_it(circle(ResourceKind::kFutex, ResourceKind::kFutex, 3)).verdict, HangClass::kNone);
}

TEST(UserLock, ACircleThroughALockOfTheKernelIsMixed) {
  EXPECT_EQ(diagnose_it(circle(ResourceKind::kFutex, ResourceKind::kMutex, 30)).verdict, HangClass::kMixedLockCycle);
}

// Pid 10 serves a file system; pid 11 waits for its answer.
SnapshotBuilder served(double server_slept, double waited) {
  SnapshotBuilder b = idle_machine();
  add_sleeper(b, 10, server_slept).state = model::TaskState::kInterruptible;
  add_resource(b, kFirst, ResourceKind::kServer, 10, model::HolderRole::kServes).facts =
      model::ServerFacts{model::ServerKind::kFuse, {}};
  add_waiter(b, 11, kFirst, waited);
  return b;
}

TEST(Server, AStoppedOneDoesNotAnswer) {
  SnapshotBuilder b = served(12, 10);
  b.task(10).state = model::TaskState::kStopped;
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kServerGone);
  ASSERT_EQ(diagnosis.findings.size(), 1u) << "the same is no second finding";
  EXPECT_EQ(diagnosis.findings[0].culprits.at(0).pid, 10u);
  EXPECT_EQ(diagnosis.findings[0].victim_tasks.size(), 1u);
  EXPECT_EQ(fact_of(diagnosis.findings[0], Claim::kServerSilent, "how"), "stopped");
}

TEST(Server, OneThatSleepsMustHaveKeptItsClientsForLong) {
  EXPECT_EQ(diagnose_it(served(31, 30)).verdict, HangClass::kServerGone);
  EXPECT_TRUE(diagnose_it(served(11, 10)).findings.empty()) << "a slow one";
  EXPECT_TRUE(diagnose_it(served(0.1, 30)).findings.empty()) << "it works, if not on this";
}

TEST(Server, OneThatRunsIsNotGone) {
  SnapshotBuilder b = served(31, 30);
  b.task(10).state = model::TaskState::kRunning;
  b.task(10).on_runqueue = true;
  EXPECT_TRUE(diagnose_it(b).findings.empty());
}

TEST(Server, WhatItWaitsForItselfIsTheRoot) {
  SnapshotBuilder b = served(31, 30);
  add_sleeper(b, 20, 40);
  add_resource(b, kOther, ResourceKind::kMutex, 20);
  add_waiter(b, 10, kOther, 31);
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kLockHeldBySleeper);
  EXPECT_EQ(diagnosis.findings.at(0).culprits.at(0).pid, 20u);
  EXPECT_EQ(diagnosis.findings[0].victim_tasks.size(), 2u);
}

TEST(Server, OneThatWaitsForItselfIsADeadlock) {
  SnapshotBuilder b = served(31, 30);
  add_waiter(b, 10, kFirst, 30);
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kSelfDeadlock);
}

// Pid 11 touched memory whose pages others bring: pid 10, and 20 when there are several who may.
SnapshotBuilder paged(double waited, bool several) {
  SnapshotBuilder b = served(40, waited);
  b.task(11).state = model::TaskState::kInterruptible;
  model::Resource& pages = b.snapshot().resources.at(0);
  pages.facts = model::ServerFacts{model::ServerKind::kUserfault, {}};
  if (!several) return b;
  add_sleeper(b, 20, 90).state = model::TaskState::kInterruptible;
  pages.holders.at(0).certainty = Certainty::kPossible;
  pages.holders.push_back({model::task_node(b.address_of(20)), model::HolderRole::kServes, Certainty::kPossible, {}});
  return b;
}

TEST(Pager, OneThatIsStoppedBringsNoPages) {
  for (const bool several : {false, true}) {
    SnapshotBuilder b = paged(30, several);
    b.task(10).state = model::TaskState::kStopped;
    const Diagnosis diagnosis = diagnose_it(b);
    EXPECT_EQ(diagnosis.verdict, HangClass::kServerGone);
    EXPECT_EQ(diagnosis.findings.at(0).culprits.at(0).pid, 10u);
    EXPECT_EQ(diagnosis.confidence, several ? Certainty::kPossible : Certainty::kLikely);
  }
}

TEST(Pager, OfSeveralThatSleepNobodyIsAccusedAndNobodyCleared) {
  const Diagnosis diagnosis = diagnose_it(paged(30, true));
  EXPECT_EQ(diagnosis.verdict, HangClass::kUndetermined);
  EXPECT_TRUE(has_doubt(diagnosis, Doubt::kWaitsUnending));
  EXPECT_EQ(diagnose_it(paged(3, true)).verdict, HangClass::kNone) << "a slow one";
}

TEST(Pager, OneWhoMayServeAndWaitsForTheClientIsNoCircleWhereAnotherMayServe) {
  const auto circle = [](bool several) {
    SnapshotBuilder b = paged(30, several);
    add_resource(b, kOther, ResourceKind::kMutex, 11);
    add_waiter(b, several ? 20 : 10, kOther, 30);
    return diagnose_it(b);
  };
  EXPECT_EQ(circle(true).verdict, HangClass::kUndetermined);
  EXPECT_EQ(circle(false).verdict, HangClass::kMixedLockCycle);
}

TEST(Pager, OneThatWasNotFoundIsNotSaidToBeGone) {
  SnapshotBuilder b = paged(30, false);
  b.snapshot().resources.at(0).holders.clear();
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kUndetermined);
}

TEST(Pager, AStoppedOneFromWhomNobodyWantsAPageIsAJobLikeAnyOther) {
  SnapshotBuilder b = paged(30, false);
  b.task(10).state = model::TaskState::kStopped;
  b.snapshot().waits.clear();
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kNone);
  SnapshotBuilder young = paged(3, false);
  young.task(10).state = model::TaskState::kStopped;
  EXPECT_EQ(diagnose_it(young).verdict, HangClass::kNone);
}

SnapshotBuilder remote(bool connected, double waited) {
  SnapshotBuilder b = idle_machine();
  add_resource(b, kFirst, ResourceKind::kServer).facts = model::ServerFacts{model::ServerKind::kRpc, connected};
  add_waiter(b, 11, kFirst, waited);
  return b;
}

TEST(Server, AnotherMachineIsGivenLessTimeWithoutAConnection) {
  EXPECT_EQ(diagnose_it(remote(true, 30)).verdict, HangClass::kServerGone);
  EXPECT_TRUE(diagnose_it(remote(true, 12)).findings.empty());
  EXPECT_EQ(diagnose_it(remote(false, 12)).verdict, HangClass::kServerGone);
  EXPECT_TRUE(diagnose_it(remote(false, 3)).findings.empty());
  EXPECT_TRUE(diagnose_it(remote(false, 30)).findings.at(0).culprits.empty()) << "no task here is to blame";
}

TEST(Server, AClientThatWasAnsweredIsNone) {
  SnapshotBuilder b = remote(false, 30);
  b.task(11).on_runqueue = true;
  EXPECT_TRUE(diagnose_it(b).findings.empty());
}

SnapshotBuilder device(double waited) {
  SnapshotBuilder b = idle_machine();
  add_resource(b, kFirst, ResourceKind::kDevice).name = "dm-0";
  add_waiter(b, 11, kFirst, waited);
  return b;
}

TEST(Device, OneThatDoesNotAnswerIsNamed) {
  const Diagnosis diagnosis = diagnose_it(device(30));
  EXPECT_EQ(diagnosis.verdict, HangClass::kIoStuck);
  EXPECT_TRUE(diagnosis.findings.at(0).culprits.empty());
  EXPECT_NE(find_link(diagnosis.findings[0], Claim::kDeviceSilent), nullptr);
  EXPECT_TRUE(diagnose_it(device(12)).findings.empty()) << "a slow one";
}

TEST(Device, OneThatIsSuspendedOrFrozenIsGivenLessTime) {
  model::DeviceFacts suspended;
  suspended.suspended = true;
  model::DeviceFacts frozen;
  frozen.frozen = model::FreezeLevel::kCompletely;
  for (const model::DeviceFacts& facts : {suspended, frozen}) {
    SnapshotBuilder b = device(12);
    b.snapshot().resources.at(0).facts = facts;
    const Diagnosis diagnosis = diagnose_it(b);
    ASSERT_EQ(diagnosis.verdict, HangClass::kIoStuck) << facts.suspended;
    const Link* link = find_link(diagnosis.findings.at(0), Claim::kDeviceSilent);
    EXPECT_EQ(facts_of<SilentDeviceFacts>(*link).device, facts);
  }
}

TEST(Device, WhoHoldsALockMeanwhileIsNotTheCulprit) {
  SnapshotBuilder b = device(30);
  add_resource(b, kOther, ResourceKind::kRwSemaphore, 11);
  add_waiter(b, 12, kOther, 29);
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kIoStuck);
  EXPECT_EQ(diagnosis.findings.at(0).victim_tasks.size(), 2u);
}

TEST(Frozen, ATaskThatNobodyWaitsForIsOnlyStopped) {
  SnapshotBuilder b = idle_machine();
  add_sleeper(b, 10, 90).frozen = true;
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kNone);
  EXPECT_EQ(diagnosis.accounting.tasks.at(TaskBucket::kStopped), 1u);
}

}  // namespace
}  // namespace whyhung::diagnose
