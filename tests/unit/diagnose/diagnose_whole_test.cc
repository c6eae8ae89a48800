// SPDX-License-Identifier: GPL-2.0-or-later
// The verdict as a whole: ranking of findings, doubts instead of guesses, healthy machines.
#include "diagnose_test_support.h"

namespace whyhung::diagnose {
namespace {

TEST(Verdict, AHealthyMachineHasNoHang) {
  SnapshotBuilder b;
  b.cpu(0).idles();
  b.cpu(1).runs(50, "stress").user_mode();
  add_busy(b, 2, 51);
  b.task(1, "systemd");
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kNone);
  EXPECT_TRUE(diagnosis.doubts.empty());
  EXPECT_TRUE(diagnosis.findings.empty());
}

TEST(Verdict, AMachineThatCouldNotBeReadIsUndetermined) {
  const Diagnosis diagnosis = diagnose({});
  EXPECT_EQ(diagnosis.verdict, HangClass::kUndetermined);
  EXPECT_TRUE(has_doubt(diagnosis, Doubt::kNothingReadable));
}

TEST(Verdict, TasksWithoutCpusAreNotEnoughEither) {
  SnapshotBuilder b;
  b.task(1, "systemd");
  EXPECT_TRUE(has_doubt(diagnose_it(b), Doubt::kNothingReadable));
}

TEST(Verdict, AStuckCpuThatNoDetectorExplainsIsADoubt) {
  SnapshotBuilder b;
  b.cpu(0).idles();
  b.preemption("full");
  add_hog(b, 1).unwatched_for(30);
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kUndetermined);
  EXPECT_TRUE(has_doubt(diagnosis, Doubt::kLockupUnexplained));
  EXPECT_EQ(diagnosis.doubtful_cpus, std::vector<std::uint32_t>{1});
}

TEST(Verdict, AnIdleCpuWithAnOldStampIsNoDoubt) {
  SnapshotBuilder b;
  b.cpu(0).idles().unwatched_for(90).clock_behind(90);
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kNone);
}

TEST(Verdict, TheKernelsOwnReportOfAHangIsADoubtWhenNothingIsFound) {
  for (const char* message :
       {"Kernel panic - not syncing: softlockup: hung tasks", "Kernel panic - not syncing: hung_task: blocked tasks",
        "Kernel panic - not syncing: Hard LOCKUP", "Kernel panic - not syncing: RCU Stall"}) {
    SnapshotBuilder b;
    b.cpu(0).idles();
    b.machine().panic_message = message;
    const Diagnosis diagnosis = diagnose_it(b);
    EXPECT_EQ(diagnosis.verdict, HangClass::kUndetermined) << message;
    EXPECT_TRUE(has_doubt(diagnosis, Doubt::kDetectorFired)) << message;
  }
}

TEST(Verdict, AnOrdinaryPanicIsNoHang) {
  SnapshotBuilder b;
  b.cpu(0).idles();
  for (const char* message : {"Kernel panic - not syncing: Fatal exception", "sysrq: Trigger a crash", ""}) {
    b.machine().panic_message = message;
    EXPECT_EQ(diagnose_it(b).verdict, HangClass::kNone) << message;
  }
}

TEST(Verdict, TasksThatSleepUninterruptiblyForLongAreADoubt) {
  SnapshotBuilder b;
  b.cpu(0).idles();
  b.machine().clock = 500 * kSecond;
  b.task(60, "cp").state = model::TaskState::kUninterruptible;
  b.task(60).last_arrival = 489 * kSecond;
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kNone) << "a disk may be slow";
  b.task(60).last_arrival = 487 * kSecond;
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kUndetermined);
  EXPECT_TRUE(has_doubt(diagnosis, Doubt::kTasksUnexplained));
}

TEST(Verdict, ACpuWithoutRegistersThatWentOnLatelyIsNoDoubtWhereAnotherConfirmsTheClock) {
  SnapshotBuilder b;
  b.cpu(0).idles().clock_behind(0.03);
  b.cpu(1).runs(50, "reader").no_registers().held_for(0.1).clock_behind(0);
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kNone);
  b.cpu(1).held_for(9);
  EXPECT_TRUE(has_doubt(diagnose_it(b), Doubt::kCpusUnknown)) << "it has not gone from task to task";
  b.cpu(1).held_for(0.1);
  b.cpu(0).clock_behind(30);
  EXPECT_TRUE(has_doubt(diagnose_it(b), Doubt::kCpusUnknown)) << "all clocks may have stopped with its own";
}

TEST(Verdict, WithoutAnyClockNothingIsSaidToBeWell) {
  SnapshotBuilder b = idle_machine();
  add_sleeper(b, 10, 100);
  b.machine().clock.reset();
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kUndetermined);
  EXPECT_TRUE(has_doubt(diagnosis, Doubt::kNoClock));
}

TEST(Verdict, ACpuThatTurnsForLongUnwatchedIsADoubtAndOneThatWorksIsNone) {
  SnapshotBuilder b = idle_machine();
  b.cpu(1).runs(50, "turner").frames({"native_queued_spin_lock_slowpath", "ioctl [driver]"}).interrupts(true);
  b.cpu(1).held_for(30).busy_wait("spinlock");
  b.cpu(1)->watchdog = {};
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kUndetermined);
  b.cpu(1).held_for(3);
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kNone) << "others get the lock meanwhile";
  b = idle_machine();
  add_busy(b, 1, 51).held_for(30);
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kNone) << "nobody else wants the CPU";
}

TEST(Verdict, AWaitOfUnknownAgeIsAsOldAsItsTaskSleeps) {
  SnapshotBuilder b = idle_machine();
  add_busy(b, 1, 50);
  add_resource(b, 0xffffffffc0002000, ResourceKind::kMutex, 50);
  add_waiter(b, 10, 0xffffffffc0002000, 40).since.reset();
  EXPECT_TRUE(has_doubt(diagnose_it(b), Doubt::kWaitsUnending));
  add_sleeper(b, 10, 3);
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kNone);
}

TEST(Verdict, AFindingLeavesNoDoubts) {
  auto b = test::starved_stop_machine();
  b.machine().panic_message = "Kernel panic - not syncing: softlockup: hung tasks";
  EXPECT_TRUE(diagnose_it(b).doubts.empty());
}

TEST(Ranking, WhatBlocksMoreComesFirst) {
  SnapshotBuilder b;
  add_hog(b, 0, 120).unwatched_for(30).loop("spin_forever [while1]", LoopYield::kNever);
  add_hog(b, 1, 121).unwatched_for(30).loop("spin_forever [while1]", LoopYield::kNever);
  b.task(60, "sshd").state = model::TaskState::kRunning;
  b.task(60).on_runqueue = true;
  b.task(60).cpu = 1;
  const Diagnosis diagnosis = diagnose_it(b);
  ASSERT_EQ(diagnosis.findings.size(), 2u);
  EXPECT_EQ(diagnosis.findings[0].culprits[0].pid, 121u);
  EXPECT_EQ(diagnosis.findings[1].culprits[0].pid, 120u);
}

TEST(Ranking, OfEqualsTheSurerComesFirst) {
  SnapshotBuilder b;
  add_hog(b, 0, 120).unwatched_for(30);
  add_hog(b, 1, 121).unwatched_for(30).loop("spin_forever [while1]", LoopYield::kNever);
  const Diagnosis diagnosis = diagnose_it(b);
  ASSERT_EQ(diagnosis.findings.size(), 2u);
  EXPECT_EQ(diagnosis.findings[0].culprits[0].pid, 121u);
  EXPECT_EQ(diagnosis.confidence, Certainty::kCertain);
}

TEST(Ranking, AnIndependentHogStandsBesideTheStarvedStopMachine) {
  auto b = test::starved_stop_machine();
  add_hog(b, 4, 130).interrupts(false).clock_behind(20).call_pending(true);
  const Diagnosis diagnosis = diagnose_it(b);
  ASSERT_EQ(diagnosis.findings.size(), 2u);
  EXPECT_EQ(diagnosis.verdict, HangClass::kStopMachineStarved);
  EXPECT_EQ(diagnosis.findings[1].hang_class, HangClass::kIrqsOff);
}

TEST(Ranking, TheSameCpuIsAccusedOnce) {
  SnapshotBuilder b;
  b.cpu(0).idles();
  add_hog(b, 1).interrupts(false).clock_behind(30).unwatched_for(30).loop("spin_forever [while1]", LoopYield::kNever);
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.findings.size(), 1u);
  EXPECT_EQ(diagnosis.verdict, HangClass::kIrqsOff);
}

TEST(Detectors, StandInATableWithNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (const Detector& detector : detectors()) names.insert(detector.name);
  EXPECT_EQ(names.size(), detectors().size());
  std::set<std::string_view> doubts;
  for (int i = 0; i <= static_cast<int>(Doubt::kCpuWaitsUnexplained); ++i)
    doubts.insert(name_of(static_cast<Doubt>(i)));
  EXPECT_EQ(doubts.size(), words_of(Doubt{}).size());
}

}  // namespace
}  // namespace whyhung::diagnose
