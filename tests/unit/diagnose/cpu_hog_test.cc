// SPDX-License-Identifier: GPL-2.0-or-later
// cpu-hog: kernel code that keeps a CPU with interrupts on, and code that only seems to.
#include "diagnose_test_support.h"

namespace whyhung::diagnose {
namespace {

SnapshotBuilder machine_with_hog() {
  SnapshotBuilder b;
  b.cpu(0).idles();
  add_hog(b, 1).loop("spin_forever [while1]", LoopYield::kNever).unwatched_for(30);
  return b;
}

TEST(CpuHog, AnEndlessLoopThatTheWatchdogMissesIsCertain) {
  EXPECT_EQ(verdict_of(machine_with_hog()), "cpu-hog certain: spinner on CPU 1 in spin_forever [while1]");
}

TEST(CpuHog, OneSignAloneIsLikely) {
  SnapshotBuilder loop_only;
  loop_only.cpu(0).idles();
  add_hog(loop_only, 1).loop("spin_forever [while1]", LoopYield::kNever);
  EXPECT_EQ(diagnose_it(loop_only).confidence, Certainty::kLikely);
  SnapshotBuilder watchdog_only;
  watchdog_only.cpu(0).idles();
  add_hog(watchdog_only, 1).unwatched_for(30);
  EXPECT_EQ(verdict_of(watchdog_only), "cpu-hog likely: spinner on CPU 1 in spin_forever [while1]");
}

TEST(CpuHog, AStarvedStopperCountsOnlyAfterSomeTime) {
  SnapshotBuilder b;
  b.cpu(0).idles();
  add_hog(b, 1).stopper_starves(21, 0x1000, "migration_cpu_stop");
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kCpuHog);
  b.cpu(1).held_for(1.9);
  EXPECT_EQ(verdict_of(b), "none") << "the stopper was woken a moment ago";
}

TEST(CpuHog, ALoopThatMayYieldOrLeaveIsNotEndless) {
  for (const LoopYield yield : {LoopYield::kUnknown, LoopYield::kMay}) {
    SnapshotBuilder b;
    add_hog(b, 0).loop("spin_forever [while1]", yield);
    EXPECT_EQ(verdict_of(b), "none");
  }
  SnapshotBuilder exits;
  add_hog(exits, 0).loop("spin_forever [while1]", LoopYield::kNever, {model::LoopExit{}});
  EXPECT_EQ(verdict_of(exits), "none");
  SnapshotBuilder unknown_flow;
  add_hog(unknown_flow, 0).loop("spin_forever [while1]", LoopYield::kNever)->loop->has_unknown_flow = true;
  EXPECT_EQ(verdict_of(unknown_flow), "none");
}

TEST(CpuHog, ALoopWithAnExitIsAHogWhenTheWatchdogSaysSoAndTheExitIsTold) {
  SnapshotBuilder b;
  model::LoopExit exit;
  exit.condition = "cmpb $0x0, 0x3a31(%rip); jne 0x100";
  exit.depends_on = "memory at 0xffffffffc0203010";
  exit.symbol = "stop_now [while1]";
  exit.value = 0;
  add_hog(b, 0).loop("poll_flag [while1]", LoopYield::kNever, {exit}).unwatched_for(30);
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kCpuHog);
  const Finding& finding = diagnosis.findings.front();
  EXPECT_EQ(fact_of(finding, Claim::kLoop, "exit.symbol"), "stop_now [while1]");
  EXPECT_EQ(fact_of(finding, Claim::kLoop, "exit.value"), "0x0");
  EXPECT_EQ(find_link(finding, Claim::kEndlessLoop), nullptr);
}

TEST(CpuHog, OnAKernelThatPreemptsALoopDoesNotKeepTheCpu) {
  for (const char* model : {"full", "lazy"}) {
    auto b = machine_with_hog();
    b.preemption(model);
    EXPECT_TRUE(diagnose_it(b).findings.empty()) << model;
  }
}

TEST(CpuHog, UnlessItRunsInASoftirqOrWithPreemptionOff) {
  auto softirq = machine_with_hog();
  softirq.preemption("full").cpu(1).frames({"spin_forever [while1]", "handle_softirqs"}, ContextKind::kSoftirq);
  const Diagnosis in_softirq = diagnose_it(softirq);
  EXPECT_EQ(in_softirq.verdict, HangClass::kCpuHog);
  EXPECT_EQ(in_softirq.findings[0].culprits[0].kind, CulpritKind::kSoftirq);
  EXPECT_EQ(in_softirq.findings[0].advice, std::vector<Advice>{Advice::kShortenSoftirq});
  auto locked = machine_with_hog();
  locked.preemption("full").cpu(1).preempt_depth(2);
  EXPECT_EQ(diagnose_it(locked).verdict, HangClass::kCpuHog);
  auto softirqs_off = machine_with_hog();
  softirqs_off.preemption("full").cpu(1).softirq_depth(2);
  EXPECT_EQ(diagnose_it(softirqs_off).verdict, HangClass::kCpuHog);
}

TEST(CpuHog, AnUnknownPreemptionModelDoesNotHideAHog) {
  auto b = machine_with_hog();
  b.preemption("");
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kCpuHog);
  EXPECT_EQ(find_link(diagnose_it(b).findings[0], Claim::kKernelNotPreemptible)->certainty, Certainty::kPossible);
}

TEST(CpuHog, AnIdleCpuWithAStaleClockIsIdle) {
  SnapshotBuilder b;
  b.cpu(0).idles();
  b.cpu(1).idles().clock_behind(80).unwatched_for(80);
  EXPECT_EQ(verdict_of(b), "none");
  EXPECT_EQ(diagnose_it(b).accounting.cpus.at(CpuBucket::kIdle), 2u);
}

TEST(CpuHog, ACpuInUserModeIsNoHogHoweverLong) {
  SnapshotBuilder b;
  b.cpu(0).runs(50, "stress").user_mode().held_for(90);
  EXPECT_EQ(verdict_of(b), "none");
}

TEST(CpuHog, TheTaskThatPanickedItselfIsNotStuckInItsPanic) {
  SnapshotBuilder b;
  b.cpu(0).runs(50, "bash").frames({"__crash_kexec", "panic", "sysrq_handle_crash", "write_sysrq_trigger"});
  b.cpu(0).dump_role(model::DumpRole::kPanicked).held_for(30).unwatched_for(30);
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(verdict_of(diagnosis), "none");
  EXPECT_EQ(diagnosis.accounting.cpus.at(CpuBucket::kWorking), 1u);
}

TEST(CpuHog, TheTaskThatTheWatchdogsPanicInterruptedIsStuck) {
  SnapshotBuilder b;
  b.cpu(0)
      .runs(120, "spinner")
      .frames({"panic", "watchdog_timer_fn", "asm_sysvec_apic_timer_interrupt"}, ContextKind::kHardirq);
  b.cpu(0)
      .adds_context({"spin_forever [while1]", "kthread"}, ContextKind::kTask)
      .activity(1)
      .held_for(30)
      .unwatched_for(30);
  b.cpu(0).dump_role(model::DumpRole::kPanicked).loop("spin_forever [while1]", LoopYield::kNever, {}, 3);
  EXPECT_EQ(verdict_of(b), "cpu-hog certain: spinner on CPU 0 in spin_forever [while1]");
}

TEST(CpuHog, CpusThatWaitForAnotherAreVictimsOrADoubtButNeverHogs) {
  for (const char* wait : {"ipi", "spinlock", "owner-spin", "console", "stop-machine"}) {
    SnapshotBuilder b;
    b.cpu(0).idles();
    add_hog(b, 1).busy_wait(wait).unwatched_for(30);
    const Diagnosis diagnosis = diagnose_it(b);
    EXPECT_TRUE(diagnosis.findings.empty()) << wait;
    EXPECT_TRUE(has_doubt(diagnosis, Doubt::kCpuWaitsUnexplained)) << wait;
  }
}

TEST(CpuHog, WithoutRegistersTheSchedulersRecordsMustAgree) {
  SnapshotBuilder b;
  b.cpu(0).idles();
  add_hog(b, 1).no_registers().unwatched_for(30);
  EXPECT_TRUE(diagnose_it(b).findings.empty());
  b.cpu(1).stopper_starves(21, 0x1000, "migration_cpu_stop");
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kCpuHog);
  EXPECT_EQ(diagnosis.confidence, Certainty::kPossible) << "it may wait for a lock there";
}

TEST(CpuHog, WhoWaitsForTheCpuIsAVictim) {
  auto b = machine_with_hog();
  b.task(60, "sshd").state = model::TaskState::kRunning;
  b.task(60).on_runqueue = true;
  b.task(60).cpu = 1;
  b.task(61, "cron").state = model::TaskState::kRunning;
  b.task(61).on_runqueue = true;
  b.task(61).cpu = 0;
  EXPECT_EQ(diagnose_it(b).findings[0].victim_tasks, std::vector<std::uint64_t>{b.address_of(60)});
}

TEST(CpuHog, ACountThatWasNotReadIsNoEvidence) {
  SnapshotBuilder b = idle_machine();
  add_hog(b, 1).loop("spin_forever [while1]", model::LoopYield::kNever).unwatched_for(30);
  const Diagnosis read = diagnose_it(b);
  EXPECT_EQ(find_link(read.findings.at(0), Claim::kKernelNotPreemptible)->evidence.size(), 1u);
  b.cpu(1)->preempt_count.reset();
  const Diagnosis unread = diagnose_it(b);
  EXPECT_TRUE(find_link(unread.findings.at(0), Claim::kKernelNotPreemptible)->evidence.empty());
}

}  // namespace
}  // namespace whyhung::diagnose
