// SPDX-License-Identifier: GPL-2.0-or-later
// irqs-off: a CPU that has interrupts disabled and does not end, and those that have them off for a moment.
#include "diagnose_test_support.h"

namespace whyhung::diagnose {
namespace {

SnapshotBuilder deaf_machine() {
  SnapshotBuilder b;
  b.cpu(0).idles();
  add_hog(b, 1).interrupts(false).clock_behind(20).call_pending(true);
  return b;
}

TEST(IrqsOff, ACpuThatTakesNoTicksWithInterruptsOffIsFound) {
  const Diagnosis diagnosis = diagnose_it(deaf_machine());
  EXPECT_EQ(verdict_of(diagnosis), "irqs-off certain: spinner on CPU 1 in spin_forever [while1]");
  EXPECT_EQ(diagnosis.findings.size(), 1u);
  const Finding& finding = diagnosis.findings.front();
  EXPECT_NE(find_link(finding, Claim::kInterruptsOff), nullptr);
  EXPECT_EQ(fact_of(finding, Claim::kClockStopped, "age"), "20000000000");
  EXPECT_NE(find_link(finding, Claim::kCallPending), nullptr);
  EXPECT_EQ(finding.advice, std::vector<Advice>{Advice::kShortenIrqOff});
}

TEST(IrqsOff, AnEndlessLoopWithInterruptsOffNeedsNoClock) {
  SnapshotBuilder b;
  b.cpu(0).idles();
  add_hog(b, 1).interrupts(false).loop("spin_forever [while1]", LoopYield::kNever);
  EXPECT_EQ(verdict_of(b), "irqs-off likely: spinner on CPU 1 in spin_forever [while1]");
}

// A machine whose notes do not tell whether interrupts were on.
SnapshotBuilder untold_machine() {
  SnapshotBuilder b;
  b.cpu(0).idles();
  add_hog(b, 1).clock_behind(20).loop("spin_forever [while1]", LoopYield::kNever);
  b.snapshot().cpus.at(1).interrupts_enabled.reset();
  return b;
}

TEST(IrqsOff, WhereTheFlagIsNotKnownAnEndlessLoopWithoutTicksHasThemOff) {
  const Diagnosis diagnosis = diagnose_it(untold_machine());
  EXPECT_EQ(verdict_of(diagnosis), "irqs-off likely: spinner on CPU 1 in spin_forever [while1]");
  EXPECT_EQ(diagnosis.findings.size(), 1u) << "the same culprit is not found a second time as a CPU hog";
  EXPECT_EQ(find_link(diagnosis.findings.at(0), Claim::kInterruptsOff), nullptr);
  EXPECT_EQ(fact_of(diagnosis.findings[0], Claim::kClockStopped, "age"), "20000000000");
}

TEST(IrqsOff, WhereTheFlagIsNotKnownTicksSayThatTheyAreOn) {
  auto b = untold_machine();
  b.cpu(1).clock_behind(0);
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kCpuHog);
}

TEST(IrqsOff, WhereTheFlagIsNotKnownOtherCodeWithoutTicksMayJustNotBeRun) {
  auto b = untold_machine();
  b.snapshot().cpus.at(1).loop.reset();
  b.cpu(1).unwatched_for(40);
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kUndetermined);
  EXPECT_TRUE(diagnosis.findings.empty());
}

TEST(IrqsOff, ItIsStuckOnPreemptibleKernelsToo) {
  auto b = deaf_machine();
  b.preemption("full");
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kIrqsOff);
}

TEST(IrqsOff, CpusThatWaitForItsAnswerAreVictims) {
  auto b = deaf_machine();
  b.cpu(2)
      .runs(70, "kworker")
      .frames({"smp_call_function_many_cond", "flush_tlb_mm_range"})
      .busy_wait("ipi")
      .held_for(18);
  const Diagnosis diagnosis = diagnose_it(b);
  const Finding& finding = diagnosis.findings.front();
  EXPECT_EQ(finding.victim_cpus, std::vector<std::uint32_t>{2});
  EXPECT_EQ(finding.victim_tasks, std::vector<std::uint64_t>{b.address_of(70)});
  EXPECT_EQ(diagnosis.accounting.cpus.at(CpuBucket::kVictim), 1u);
  const Link* wait = find_link(finding, Claim::kCpuWaitsForIpi);
  ASSERT_NE(wait, nullptr);
  EXPECT_EQ(wait->nodes, (std::vector{model::cpu_node(2), model::cpu_node(1)}));
}

TEST(IrqsOff, WithoutAPendingCallNobodyWaitsForIt) {
  auto b = deaf_machine();
  b.cpu(1).call_pending(false);
  b.cpu(2).runs(70, "kworker").frames({"smp_call_function_many_cond"}).busy_wait("ipi");
  EXPECT_TRUE(diagnose_it(b).findings.front().victim_cpus.empty());
}

TEST(IrqsOff, EachVictimIsNamedOnce) {
  auto b = deaf_machine();
  b.cpu(2).runs(70, "kworker").frames({"smp_call_function_many_cond"}).busy_wait("ipi");
  b.snapshot().waits.push_back(
      {model::task_node(b.address_of(70)), model::task_node(b.address_of(120)), {}, {}, {}, {}});
  b.snapshot().waits.push_back(
      {model::cpu_node(2), model::task_node(b.address_of(120)), model::WaitKind::kSpins, {}, {}, {}});
  const Diagnosis diagnosis = diagnose_it(b);
  const Finding& finding = diagnosis.findings.front();
  EXPECT_EQ(finding.victim_cpus, std::vector<std::uint32_t>{2});
  EXPECT_EQ(finding.victim_tasks, std::vector<std::uint64_t>{b.address_of(70)});
}

TEST(IrqsOff, ACriticalSectionOfAMomentIsNoHang) {
  SnapshotBuilder b;
  b.cpu(0).idles();
  add_busy(b, 1, 50).interrupts(false).clock_behind(0.004);
  EXPECT_EQ(verdict_of(b), "none");
  b.cpu(1).clock_behind(1.9);
  EXPECT_EQ(verdict_of(b), "none");
}

TEST(IrqsOff, AnIdleCpuWithInterruptsOffIsAsleep) {
  SnapshotBuilder b;
  b.cpu(0).idles().interrupts(false).clock_behind(60);
  EXPECT_EQ(verdict_of(b), "none");
}

TEST(IrqsOff, ACpuThatWaitsForALockWithInterruptsOffIsAVictimOfSomebody) {
  SnapshotBuilder b;
  b.cpu(0).idles();
  add_hog(b, 1).interrupts(false).clock_behind(20).busy_wait("spinlock");
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_TRUE(diagnosis.findings.empty());
  EXPECT_TRUE(has_doubt(diagnosis, Doubt::kCpuWaitsUnexplained));
}

TEST(IrqsOff, TheTaskThatPanickedHasInterruptsOffByItself) {
  SnapshotBuilder b;
  b.cpu(0).runs(50, "bash").frames({"__crash_kexec", "panic"}).dump_role(model::DumpRole::kPanicked);
  b.cpu(0).interrupts(false).clock_behind(30);
  EXPECT_TRUE(diagnose_it(b).findings.empty());
}

// Where no clock goes on, that all spin with interrupts off at one moment tells; where all were stopped, it does not.
TEST(IrqsOff, ThatAllCpusAreDeafIsNoHangAfterACrash) {
  SnapshotBuilder b;
  for (const std::uint32_t cpu : {0u, 1u}) {
    b.cpu(cpu).runs(50 + cpu, "poller").frames({"polls [driver]", "kthread"}).interrupts(false);
    b.cpu(cpu).loop("polls [driver]", LoopYield::kNever, {{}});
  }
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kIrqsOff);
  b.snapshot().machine.crash.emplace().kind = model::CrashKind::kPageFault;
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kCrashed);
  EXPECT_EQ(diagnosis.findings.size(), 1u);
}

TEST(IrqsOff, ACpuThatCouldNotEvenSaveItsRegistersIsFoundByItsSilence) {
  SnapshotBuilder b;
  b.cpu(0).idles();
  add_hog(b, 1).no_registers().clock_behind(20).call_pending(true);
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kIrqsOff);
  EXPECT_NE(diagnosis.confidence, Certainty::kCertain);
  b.cpu(1).call_pending(false);
  EXPECT_TRUE(diagnose_it(b).findings.empty()) << "nobody called it, so nobody knows that it is deaf";
}

TEST(IrqsOff, AnInterruptHandlerThatLoopsIsTheCulpritNotItsTask) {
  SnapshotBuilder b;
  b.cpu(0).idles();
  b.cpu(1)
      .runs(50, "bash")
      .frames({"timer_hog [hog]", "__hrtimer_run_queues", "asm_sysvec_apic_timer_interrupt"}, ContextKind::kHardirq);
  b.cpu(1).adds_context({"do_syscall_64"}, ContextKind::kTask).interrupts(false).clock_behind(25);
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(verdict_of(diagnosis), "irqs-off likely: bash on CPU 1 in timer_hog [hog]");
  EXPECT_EQ(diagnosis.findings[0].culprits[0].kind, CulpritKind::kHardirq);
}

}  // namespace
}  // namespace whyhung::diagnose
