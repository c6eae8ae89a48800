// SPDX-License-Identifier: GPL-2.0-or-later
// Function calls that a CPU does not answer without having disabled interrupts and looped; CPUs that were not run.
#include "diagnose_test_support.h"

namespace whyhung::diagnose {
namespace {

constexpr std::uint64_t kRequest = 0xffffc90000123000;

void calls(SnapshotBuilder& b, std::uint32_t caller, std::uint32_t target, std::uint64_t request = kRequest) {
  model::Resource& resource = b.snapshot().resource_at(request, model::ResourceKind::kIpi);
  resource.name = "do_flush_tlb_all";
  resource.holders.push_back({model::cpu_node(target),
                              model::HolderRole::kHasNotBegun,
                              Certainty::kCertain,
                              {{model::EvidenceKind::kList, "call_single_queue", request, {}}}});
  b.snapshot().waits.push_back(
      {model::cpu_node(caller), model::resource_node(request), model::WaitKind::kSpins, {}, {}, {}});
  b.cpu(target).call_pending(true);
}

// CPU 2 has spun for 30 s until CPU 1 answers.
SnapshotBuilder calling_machine() {
  SnapshotBuilder b;
  b.cpu(0).idles();
  b.cpu(2)
      .runs(70, "caller")
      .frames({"smp_call_function_many_cond", "flush_tlb_mm_range"})
      .busy_wait("ipi")
      .interrupts(true)
      .held_for(30)
      .unwatched_for(30);
  calls(b, 2, 1);
  return b;
}

TEST(IpiNotAnswered, ACpuThatLoopsWithInterruptsOffIsTheCauseAndCallersAreNamed) {
  SnapshotBuilder b = calling_machine();
  add_hog(b, 1).interrupts(false).clock_behind(20).call_pending(true);
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(verdict_of(diagnosis), "irqs-off certain: spinner on CPU 1 in spin_forever [while1]");
  ASSERT_EQ(diagnosis.findings.size(), 1u);
  const Link* link = find_link(diagnosis.findings[0], Claim::kCpuWaitsForIpi);
  ASSERT_NE(link, nullptr);
  EXPECT_EQ(link->certainty, Certainty::kCertain);
  EXPECT_EQ(link->nodes, (std::vector{model::cpu_node(2), model::cpu_node(1)}));
  EXPECT_EQ(diagnosis.findings[0].victim_tasks, std::vector<std::uint64_t>{b.address_of(70)});
  EXPECT_EQ(diagnosis.findings[0].victim_cpus, std::vector<std::uint32_t>{2});
}

TEST(IpiNotAnswered, AnIdleCpuThatDoesNotAnswerIsBlamedOnNoTask) {
  SnapshotBuilder b = calling_machine();
  b.cpu(1).idles().interrupts(true);
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kIpiNotAnswered);
  EXPECT_TRUE(diagnosis.findings.at(0).culprits.empty());
  EXPECT_NE(find_link(diagnosis.findings[0], Claim::kInterruptLost), nullptr);
}

TEST(IpiNotAnswered, ACallerOfAMomentIsNoHang) {
  SnapshotBuilder b = calling_machine();
  b.cpu(2).held_for(0.01).unwatched_for(0.5);
  b.cpu(1).idles().interrupts(true);
  EXPECT_EQ(verdict_of(b), "none");
}

TEST(IpiNotAnswered, ACpuThatSpinsForALockWithInterruptsOffIsTheCulprit) {
  SnapshotBuilder b = calling_machine();
  b.cpu(1)
      .runs(71, "locker")
      .frames({"native_queued_spin_lock_slowpath", "take_it [driver]"})
      .busy_wait("spinlock")
      .interrupts(false);
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kIpiNotAnswered);
  ASSERT_EQ(diagnosis.findings.at(0).culprits.size(), 1u);
  EXPECT_EQ(diagnosis.findings[0].culprits[0].pid, 71u);
  EXPECT_EQ(diagnosis.findings[0].culprits[0].function, "take_it") << "not the kernel's own spinning";
}

// Ready for interrupts, wanted, and standing still.
SnapshotBuilder paused_machine() {
  SnapshotBuilder b = calling_machine();
  b.cpu(1).runs(80, "worker").frames({"copy_page", "do_fault"}).interrupts(true).held_for(25).clock_behind(25);
  return b;
}

TEST(External, ACpuThatTakesNoInterruptsThoughItCouldWasNotRun) {
  const Diagnosis diagnosis = diagnose_it(paused_machine());
  EXPECT_EQ(diagnosis.verdict, HangClass::kExternal);
  const Finding& finding = diagnosis.findings.at(0);
  EXPECT_TRUE(finding.culprits.empty());
  EXPECT_NE(find_link(finding, Claim::kCpuNotRun), nullptr);
  EXPECT_EQ(fact_of(finding, Claim::kClockStopped, "age"), "25000000000");
  EXPECT_EQ(finding.victim_cpus, (std::vector<std::uint32_t>{2, 1}));
}

TEST(External, WhatItsTaskWasDoingIsNoHog) {
  SnapshotBuilder b = paused_machine();
  b.cpu(1).unwatched_for(25).loop("copy_page", LoopYield::kUnknown);
  EXPECT_EQ(diagnose_it(b).findings.size(), 1u);
  b.cpu(1).call_pending(false);
  b.snapshot().waits.clear();
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_TRUE(diagnosis.findings.empty());
  EXPECT_TRUE(has_doubt(diagnosis, Doubt::kLockupUnexplained) || has_doubt(diagnosis, Doubt::kCpuWaitsUnexplained));
}

TEST(External, ASoftirqOnTopOfTheIdleTaskMayLoopWithoutTicks) {
  SnapshotBuilder b = paused_machine();
  b.task(80).is_idle_task = true;
  EXPECT_NE(diagnose_it(b).verdict, HangClass::kExternal);
}

TEST(External, NothingRanThere) {
  const Diagnosis diagnosis = diagnose_it(paused_machine());
  for (const CpuLiveness& cpu : diagnosis.liveness) {
    EXPECT_EQ(cpu.hardirq, cpu.cpu == 1 ? Rung::kDead : Rung::kAlive) << cpu.cpu;
  }
}

TEST(External, UserModeCountsToo) {
  SnapshotBuilder b = calling_machine();
  b.cpu(1).runs(80, "program").user_mode().interrupts(true).clock_behind(25);
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kExternal);
}

TEST(External, ACpuWithoutTicksThatNobodyWantsIsLeftAlone) {
  SnapshotBuilder b;
  b.cpu(0).idles();
  b.cpu(1).runs(80, "program").user_mode().interrupts(true).clock_behind(25).call_pending(false);
  EXPECT_NE(diagnose_it(b).verdict, HangClass::kExternal) << "the kernel can do without ticks on such CPUs";
}

TEST(External, ADelayOfASecondOrTwoIsNone) {
  SnapshotBuilder b = paused_machine();
  b.cpu(1).clock_behind(3);
  b.cpu(2).held_for(2).unwatched_for(2);
  EXPECT_NE(diagnose_it(b).verdict, HangClass::kExternal);
}

}  // namespace
}  // namespace whyhung::diagnose
