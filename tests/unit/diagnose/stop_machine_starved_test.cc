// SPDX-License-Identifier: GPL-2.0-or-later
// stop-machine-starved: the machine that cannot be stopped, and the ones that only look like it.
#include <set>

#include "diagnose_test_support.h"

namespace whyhung::diagnose {
namespace {

constexpr std::uint64_t kRequest = 0xffffc90000abcd00;

TEST(StopMachineStarved, NamesTheTaskThatHoldsTheMissingCpu) {
  const Diagnosis diagnosis = diagnose_it(test::starved_stop_machine());
  EXPECT_EQ(verdict_of(diagnosis), "stop-machine-starved certain: spinner on CPU 2 in spin_forever [while1]");
  const Finding& finding = diagnosis.findings.front();
  EXPECT_EQ(finding.requested, "__try_stop_module");
  EXPECT_EQ(diagnosis.findings.size(), 1u) << "the same culprit is not found a second time as a CPU hog";
}

TEST(StopMachineStarved, TheChainGoesFromTheRequestToTheLoop) {
  const Diagnosis diagnosis = diagnose_it(test::starved_stop_machine());
  std::vector<Claim> claims;
  for (const Link& link : diagnosis.findings.front().chain) claims.push_back(link.claim);
  EXPECT_EQ(claims, (std::vector<Claim>{Claim::kAskedForStopMachine, Claim::kStopMachineState, Claim::kCpusTookPart,
                                        Claim::kCpuDidNotTakePart, Claim::kStopperCannotRun, Claim::kCpuOccupied,
                                        Claim::kInterruptsOn, Claim::kKernelNotPreemptible, Claim::kWatchdogStale,
                                        Claim::kEndlessLoop}));
  const Finding& finding = diagnosis.findings.front();
  EXPECT_EQ(fact_of(finding, Claim::kStopMachineState, "missing"), "1");
  EXPECT_EQ(fact_of(finding, Claim::kStopMachineState, "threads"), "4");
  EXPECT_EQ(fact_of(finding, Claim::kCpuOccupied, "held"), "14200000000");
  EXPECT_EQ(fact_of(finding, Claim::kWatchdogStale, "threshold"), "20000000000");
  EXPECT_EQ(finding.advice, std::vector<Advice>{Advice::kYieldInLoop});
}

TEST(StopMachineStarved, EveryLinkOfAMemoryFactHasEvidence) {
  const Diagnosis diagnosis = diagnose_it(test::starved_stop_machine());
  for (const Link& link : diagnosis.findings.front().chain) {
    if (link.claim == Claim::kKernelNotPreemptible || link.claim == Claim::kCpusTookPart) continue;
    EXPECT_FALSE(link.evidence.empty()) << static_cast<int>(link.claim);
  }
}

TEST(StopMachineStarved, EvidenceIsCalledAsThatKernelCallsIt) {
  auto b = test::starved_stop_machine();
  b.snapshot().machine.task_state_member = "task_struct.state";
  const Diagnosis diagnosis = diagnose_it(b);
  const Link* link = find_link(diagnosis.findings[0], Claim::kStopperCannotRun);
  ASSERT_NE(link, nullptr);
  EXPECT_EQ(link->evidence.front().what, "task_struct.state");
}

TEST(StopMachineStarved, EverybodyWhoWaitsIsAVictimAndTheCulpritIsNot) {
  auto b = test::starved_stop_machine();
  const Diagnosis diagnosis = diagnose_it(b);
  const Finding& finding = diagnosis.findings.front();
  const std::set<std::uint64_t> victims(finding.victim_tasks.begin(), finding.victim_tasks.end());
  EXPECT_EQ(victims.size(), finding.victim_tasks.size());
  EXPECT_EQ(victims, (std::set<std::uint64_t>{b.address_of(127), b.address_of(20), b.address_of(21), b.address_of(23),
                                              b.address_of(22), b.address_of(50)}));
  EXPECT_EQ(finding.victim_cpus, (std::vector<std::uint32_t>{0, 1, 3}));
}

TEST(StopMachineStarved, TheRequesterMayBeUnknown) {
  auto b = test::starved_stop_machine();
  b.snapshot().stop_machine[0].requester = 0;
  std::erase_if(b.snapshot().waits, [&](const model::Wait& wait) { return wait.waiter.id == b.address_of(127); });
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kStopMachineStarved);
  EXPECT_EQ(find_link(diagnosis.findings[0], Claim::kAskedForStopMachine), nullptr);
}

TEST(StopMachineStarved, TwoCulpritsAreBothNamed) {
  auto b = test::starved_stop_machine();
  b.snapshot().stop_machine.clear();
  b.snapshot().resources.clear();
  b.snapshot().waits.clear();
  b.cpu(4).runs(121, "spinner2").frames({"spin_more [while1]", "kthread"}).held_for(30).unwatched_for(30);
  b.cpu(4).loop("spin_more [while1]", LoopYield::kNever).stopper_starves(24, kRequest);
  b.stop_machine(kRequest, 127, {0, 1, 3}, {2, 4});
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(verdict_of(diagnosis),
            "stop-machine-starved certain: spinner on CPU 2 in spin_forever [while1] spinner2 on CPU 4 in spin_more "
            "[while1]");
  EXPECT_EQ(diagnosis.accounting.cpus.at(CpuBucket::kCulprit), 2u);
}

TEST(StopMachineStarved, OneOfTwoMissingCpusUnexplainedMakesItLikelyOnly) {
  auto b = test::starved_stop_machine();
  b.cpu(4).idles().stopper_starves(24, kRequest);
  b.snapshot().stop_machine[0].missing_cpus.push_back(4);
  b.snapshot().stop_machine[0].thread_ack = 2;
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(verdict_of(diagnosis), "stop-machine-starved likely: spinner on CPU 2 in spin_forever [while1]");
}

// The innocent twins.

TEST(StopMachineStarved, AMachineThatIsBeingStoppedInGoodOrderIsNoHang) {
  SnapshotBuilder b;
  b.cpu(0).stopper_runs(20);
  add_busy(b, 1, 50).stopper_starves(21, kRequest);
  b.task(127, "rmmod").state = model::TaskState::kUninterruptible;
  b.stop_machine(kRequest, 127, {0}, {1});
  EXPECT_EQ(verdict_of(b), "none") << "the task has had the CPU for 10 ms";
}

TEST(StopMachineStarved, AnIdleCpuThatHasNotComeYetIsLateAndNotGuilty) {
  SnapshotBuilder b;
  b.cpu(0).stopper_runs(20);
  b.cpu(1).idles().clock_behind(90).unwatched_for(90).stopper_starves(21, kRequest);
  b.task(127, "rmmod");
  b.stop_machine(kRequest, 127, {0}, {1});
  EXPECT_TRUE(diagnose_it(b).findings.empty());
}

TEST(StopMachineStarved, ACpuInUserModeGivesWayAtItsNextTick) {
  SnapshotBuilder b;
  b.cpu(0).stopper_runs(20);
  b.cpu(1).runs(50, "stress").user_mode().held_for(50).stopper_starves(21, kRequest);
  b.task(127, "rmmod");
  b.stop_machine(kRequest, 127, {0}, {1});
  EXPECT_TRUE(diagnose_it(b).findings.empty());
}

TEST(StopMachineStarved, AKernelThatPreemptsTakesTheCpuAwayFromALoop) {
  for (const char* model : {"full", "lazy"}) {
    auto b = test::starved_stop_machine();
    b.preemption(model);
    EXPECT_TRUE(diagnose_it(b).findings.empty()) << model;
  }
}

TEST(StopMachineStarved, WithPreemptionDisabledEvenAPreemptibleKernelIsStuck) {
  auto b = test::starved_stop_machine();
  b.preemption("full").cpu(2).preempt_depth(1);
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(verdict_of(diagnosis), "stop-machine-starved certain: spinner on CPU 2 in spin_forever [while1]");
  EXPECT_EQ(fact_of(diagnosis.findings[0], Claim::kPreemptionDisabled, "depth"), "1");
  EXPECT_EQ(diagnosis.findings[0].advice, std::vector<Advice>{Advice::kShortenPreemptOff});
}

TEST(StopMachineStarved, ACpuThatItselfWaitsForAnotherIsNoCulprit) {
  auto b = test::starved_stop_machine();
  b.cpu(2).frames({"native_queued_spin_lock_slowpath", "_raw_spin_lock", "f"}).busy_wait("spinlock");
  b.cpu(2)->loop.reset();
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_TRUE(diagnosis.findings.empty());
  EXPECT_EQ(diagnosis.verdict, HangClass::kUndetermined) << "it is stuck, and who holds the lock is not known";
}

TEST(StopMachineStarved, ARequestThatMissesNobodyAccusesNobody) {
  SnapshotBuilder b;
  for (const std::uint32_t cpu : {0u, 1u}) b.cpu(cpu).stopper_runs(20 + cpu);
  b.task(127, "rmmod");
  b.stop_machine(kRequest, 127, {0, 1}, {});
  EXPECT_TRUE(diagnose_it(b).findings.empty());
}

TEST(StopMachineStarved, AMissingCpuThatTheSnapshotDoesNotHaveIsHarmless) {
  auto b = test::starved_stop_machine();
  b.snapshot().stop_machine[0].missing_cpus = {99};
  EXPECT_EQ(diagnose_it(b).findings.front().hang_class, HangClass::kCpuHog) << "the loop is found all the same";
}

TEST(StopMachineStarved, ACpuWithoutRegistersIsAccusedByItsClocksButNotForCertain) {
  auto b = test::starved_stop_machine();
  b.cpu(2).no_registers().clock_behind(20);
  b.cpu(2)->loop.reset();
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kStopMachineStarved);
  EXPECT_EQ(diagnosis.confidence, Certainty::kLikely);
  EXPECT_EQ(diagnosis.findings[0].culprits[0].pid, 120u);
  EXPECT_EQ(diagnosis.findings[0].culprits[0].function, "");
}

TEST(StopMachineStarved, WhatCouldNotBeReadIsNoEvidence) {
  const auto said = [](const SnapshotBuilder& b) {
    std::set<std::string> what;
    const Diagnosis diagnosis = diagnose_it(b);
    for (const model::Evidence& one : find_link(diagnosis.findings.at(0), Claim::kStopperCannotRun)->evidence) {
      what.insert(one.what);
    }
    return what;
  };
  SnapshotBuilder b = test::starved_stop_machine();
  EXPECT_TRUE(said(b).contains("task_struct.on_cpu"));
  b.task(22).on_cpu = model::ReadFlag();
  EXPECT_FALSE(said(b).contains("task_struct.on_cpu"));
  EXPECT_TRUE(said(b).contains("task_struct.on_rq"));
}

}  // namespace
}  // namespace whyhung::diagnose
