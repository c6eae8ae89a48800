// SPDX-License-Identifier: GPL-2.0-or-later
// Shapes of machines that once took minutes: what is found in them, and that it is found at once.
#include <ctime>

#include "diagnose_test_support.h"
#include "support/shapes.h"

namespace whyhung::diagnose {
namespace {

using test::machine_of;
using test::Shape;

// Of CPU time. Far above what they take, which is some tenths of a second at most, and far below what they took when
// work grew faster than its input.
constexpr double kMostSeconds = 5;

Diagnosis judge(Shape shape, std::size_t tasks) {
  const model::Snapshot snapshot = machine_of(shape, tasks);
  const std::clock_t begin = std::clock();
  Diagnosis diagnosis = diagnose(snapshot);
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  EXPECT_LT(seconds, kMostSeconds);
  return diagnosis;
}

TEST(Growth, TasksThatWaitEachForACompletionOfTheirOwnAreToldOnce) {
  const Diagnosis diagnosis = judge(Shape::kOwnCompletions, 20'000);
  EXPECT_EQ(diagnosis.verdict, HangClass::kNeverCompleted);
  ASSERT_EQ(diagnosis.findings.size(), 1u);
  EXPECT_EQ(diagnosis.findings[0].also.size(), 19'999u);
  EXPECT_EQ(diagnosis.findings[0].also[7].culprits.at(0).pid, 108u);
  EXPECT_EQ(diagnosis.accounting.tasks.at(TaskBucket::kExplainedWait), 20'000u) << "each is still accounted for";
}

TEST(Growth, PairsOfAHolderAndAWaiterAreToldOnce) {
  const Diagnosis diagnosis = judge(Shape::kPairs, 20'000);
  EXPECT_EQ(diagnosis.verdict, HangClass::kLockHeldBySleeper);
  ASSERT_EQ(diagnosis.findings.size(), 1u);
  EXPECT_EQ(diagnosis.findings[0].also.size(), 9'999u);
  EXPECT_EQ(diagnosis.findings[0].also[0].victim_tasks, 1u);
}

TEST(Growth, AFewThatAreAlikeStandBesideEachOther) {
  EXPECT_EQ(judge(Shape::kOwnCompletions, 3).findings.size(), 3u);
  EXPECT_EQ(judge(Shape::kOwnCompletions, 4).findings.size(), 1u);
}

TEST(Growth, WhatIsNotAlikeIsNotFolded) {
  model::Snapshot snapshot = machine_of(Shape::kOwnCompletions, 40);
  snapshot.locations.push_back(snapshot.locations[0]);
  snapshot.locations[1].function = "waits_elsewhere";
  for (std::size_t i = 0; i < 20; ++i) snapshot.tasks[i].stack.frames[0].location = 1;
  const Diagnosis diagnosis = diagnose(snapshot);
  ASSERT_EQ(diagnosis.findings.size(), 2u);
  EXPECT_EQ(diagnosis.findings[0].also.size(), 19u);
  EXPECT_EQ(diagnosis.findings[1].also.size(), 19u);
}

TEST(Growth, AChainIsFollowedToItsEnd) {
  const Diagnosis diagnosis = judge(Shape::kChain, 20'000);
  EXPECT_EQ(diagnosis.verdict, HangClass::kLockHeldBySleeper);
  ASSERT_EQ(diagnosis.findings.size(), 1u);
  EXPECT_EQ(diagnosis.findings[0].culprits.at(0).pid, 100u + 19'999);
  EXPECT_EQ(diagnosis.findings[0].victim_tasks.size(), 19'999u);
  EXPECT_EQ(diagnosis.findings[0].chain.size(), 2u * 19'999 + 1);
}

TEST(Growth, ARingIsOneDeadlock) {
  const Diagnosis diagnosis = judge(Shape::kRing, 8'000);
  EXPECT_EQ(diagnosis.verdict, HangClass::kMutexDeadlock);
  ASSERT_EQ(diagnosis.findings.size(), 1u);
  EXPECT_EQ(diagnosis.findings[0].culprits.size(), 8'000u);
  EXPECT_TRUE(diagnosis.findings[0].victim_tasks.empty());
}

TEST(Growth, AllWhoWantOneLockAreItsVictims) {
  const Diagnosis diagnosis = judge(Shape::kOneLock, 20'000);
  EXPECT_EQ(diagnosis.findings.at(0).victim_tasks.size(), 19'999u);
}

}  // namespace
}  // namespace whyhung::diagnose
