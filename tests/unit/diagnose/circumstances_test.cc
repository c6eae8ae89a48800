// SPDX-License-Identifier: GPL-2.0-or-later
// What a culprit was in the middle of: an RCU read-side section, the reclaim of memory.
#include "diagnose_test_support.h"

namespace whyhung::diagnose {
namespace {

constexpr std::uint64_t kPeriod = 0xffffc90000456000;
constexpr std::uint64_t kAnswer = 0xffffffffc0002000;

// Pid 11 waits for a grace period, which pid 10, a reader, keeps from ending.
SnapshotBuilder sleeping_reader() {
  SnapshotBuilder b = idle_machine();
  add_sleeper(b, 10, 40);
  add_resource(b, kPeriod, ResourceKind::kRcuGracePeriod, 10, model::HolderRole::kWasPreemptedReading);
  add_waiter(b, 11, kPeriod, 35);
  return b;
}

TEST(RcuStall, AReaderThatSleepsIsTheCulprit) {
  const Diagnosis diagnosis = diagnose_it(sleeping_reader());
  EXPECT_EQ(diagnosis.verdict, HangClass::kRcuStall);
  EXPECT_EQ(diagnosis.findings.at(0).culprits.at(0).pid, 10u);
  EXPECT_EQ(diagnosis.findings[0].advice, std::vector<Advice>{Advice::kLeaveReadSection});
}

TEST(RcuStall, AReaderThatWaitsForAnAnswerThatNobodyGivesIsIt) {
  SnapshotBuilder b = sleeping_reader();
  add_resource(b, kAnswer, ResourceKind::kCompletion);
  add_waiter(b, 10, kAnswer, 40);
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kRcuStall);
  EXPECT_EQ(diagnosis.findings.at(0).culprits.at(0).pid, 10u);
}

TEST(RcuStall, AReaderThatWaitsForSomebodysLockIsAVictimOfThat) {
  SnapshotBuilder b = sleeping_reader();
  add_sleeper(b, 12, 50);
  add_resource(b, kAnswer, ResourceKind::kMutex, 12);
  add_waiter(b, 10, kAnswer, 40);
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kLockHeldBySleeper);
  EXPECT_EQ(diagnosis.findings.at(0).culprits.at(0).pid, 12u);
  EXPECT_EQ(diagnosis.findings[0].victim_tasks.size(), 2u);
}

SnapshotBuilder looping_cpu(model::HolderRole role) {
  SnapshotBuilder b = idle_machine();
  add_hog(b, 1).loop("spin_forever [while1]", LoopYield::kNever).unwatched_for(30);
  model::Resource& period = add_resource(b, kPeriod, ResourceKind::kRcuGracePeriod);
  period.holders.push_back({model::cpu_node(1), role, Certainty::kCertain, {}});
  add_waiter(b, 11, kPeriod, 20);
  return b;
}

TEST(RcuStall, ALoopInsideOfAReadSectionThatOthersWaitFor) {
  const Diagnosis diagnosis = diagnose_it(looping_cpu(model::HolderRole::kRunsReader));
  EXPECT_EQ(verdict_of(diagnosis), "rcu-stall certain: spinner on CPU 1 in spin_forever [while1]");
  EXPECT_EQ(diagnosis.findings.at(0).chain.at(0).claim, Claim::kTaskWaits);
  EXPECT_EQ(diagnosis.findings[0].chain.at(1).claim, Claim::kHeldBy);
  EXPECT_NE(find_link(diagnosis.findings[0], Claim::kEndlessLoop), nullptr);
}

TEST(RcuStall, ALoopOutsideOfOneIsAHogThatHasGracePeriodsWait) {
  const Diagnosis diagnosis = diagnose_it(looping_cpu(model::HolderRole::kOwesQuiescentState));
  EXPECT_EQ(diagnosis.verdict, HangClass::kCpuHog);
  EXPECT_EQ(diagnosis.findings.at(0).victim_tasks.size(), 1u) << "who waits for the grace period";
}

// Pid 10 waits in vain for an answer; who it was called by is `functions`.
SnapshotBuilder waiting_in(std::initializer_list<std::string_view> functions) {
  SnapshotBuilder b = idle_machine();
  add_resource(b, kAnswer, ResourceKind::kCompletion);
  add_waiter(b, 10, kAnswer, 40);
  stands_in(b, 10, functions);
  return b;
}

TEST(MemoryReclaim, AShrinkerThatWaitsInVain) {
  const Diagnosis diagnosis = diagnose_it(
      waiting_in({"__schedule", "wait_for_completion", "scan_cache [cachefs]", "do_shrink_slab", "try_to_free_pages"}));
  EXPECT_EQ(diagnosis.verdict, HangClass::kMemoryReclaimStall);
  const Finding& finding = diagnosis.findings.at(0);
  EXPECT_EQ(finding.culprits.at(0).pid, 10u);
  EXPECT_EQ(fact_of(finding, Claim::kInsideReclaim, "place.function"), "scan_cache");
  EXPECT_EQ(fact_of(finding, Claim::kInsideReclaim, "reclaim"), "do_shrink_slab");
}

TEST(MemoryReclaim, TheSameWaitOutsideOfReclaimIsNone) {
  EXPECT_EQ(diagnose_it(waiting_in({"__schedule", "wait_for_completion", "scan_cache [cachefs]"})).verdict,
            HangClass::kNeverCompleted);
}

TEST(MemoryReclaim, AModulesFunctionOfThatNameIsNotTheKernels) {
  EXPECT_EQ(diagnose_it(waiting_in({"__schedule", "wait_for_completion", "do_shrink_slab [cachefs]"})).verdict,
            HangClass::kNeverCompleted);
}

TEST(MemoryReclaim, ASleeperWhoseWaitIsNotKnownIsFoundByItsStack) {
  SnapshotBuilder b = idle_machine();
  add_sleeper(b, 10, 40);
  stands_in(b, 10, {"__schedule", "schedule", "give_back [cachefs]", "shrink_slab", "balance_pgdat", "kswapd"});
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kMemoryReclaimStall);
  b.task(10).last_arrival = SnapshotBuilder::kNow - 2 * kSecond;
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kNone) << "two seconds are nothing";
}

TEST(MemoryReclaim, ItsOwnPausesAreNoStall) {
  SnapshotBuilder b = idle_machine();
  add_sleeper(b, 10, 20);
  stands_in(b, 10, {"__schedule", "schedule_timeout", "reclaim_throttle", "shrink_node", "balance_pgdat"});
  EXPECT_NE(diagnose_it(b).verdict, HangClass::kMemoryReclaimStall);
}

}  // namespace
}  // namespace whyhung::diagnose
