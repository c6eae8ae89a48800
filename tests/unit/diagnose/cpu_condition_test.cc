// SPDX-License-Identifier: GPL-2.0-or-later
// What a CPU was doing, judged from its own facts and the clocks of all.
#include "diagnose/cpu_condition.h"

#include "diagnose_test_support.h"

namespace whyhung::diagnose {
namespace {

CpuCondition condition_of(const SnapshotBuilder& b, std::size_t index = 0) {
  return judge_cpus(model::Index(b.build())).at(index);
}

TEST(CpuCondition, IdleMeansTheIdleTaskInItsOwnContext) {
  SnapshotBuilder b;
  b.cpu(0).idles();
  EXPECT_EQ(condition_of(b).doing, CpuDoing::kIdle);
  b.cpu(0).frames({"net_rx_action", "handle_softirqs"}, ContextKind::kSoftirq);
  EXPECT_EQ(condition_of(b).doing, CpuDoing::kKernelCode) << "a softirq on top of the idle task is work";
  b.cpu(0).no_registers();
  EXPECT_EQ(condition_of(b).doing, CpuDoing::kIdle) << "its runqueue says so";
}

TEST(CpuCondition, IdlenessIsKnownEvenWhenTheIdleTaskIsNotListed) {
  SnapshotBuilder b;
  b.cpu(0).idles();
  b.snapshot().tasks.clear();
  EXPECT_EQ(condition_of(b).doing, CpuDoing::kIdle);
}

TEST(CpuCondition, UserModeWaitsAndUnknownAreToldApart) {
  SnapshotBuilder b;
  b.cpu(0).runs(50, "a").user_mode();
  b.cpu(1).runs(51, "b").frames({"osq_lock"}).busy_wait("owner-spin");
  b.cpu(2).runs(52, "c").no_registers();
  b.cpu(3).runs(53, "d").frames({"panic"}).dump_role(model::DumpRole::kPanicked);
  b.cpu(4).runs(54, "e").frames({"f"});
  const CpuDoing expected[] = {CpuDoing::kUserMode, CpuDoing::kWaitsForCpu, CpuDoing::kUnknown, CpuDoing::kServesDump,
                               CpuDoing::kKernelCode};
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(condition_of(b, i).doing, expected[i]) << i;
}

TEST(CpuCondition, TheTimeThatATaskHasHadTheCpuCountsFromTheNewestClock) {
  SnapshotBuilder b;
  b.cpu(0).runs(50, "a").frames({"f"}).held_for(14);
  EXPECT_EQ(condition_of(b).held, 14 * kSecond);
  b.task(50).last_arrival = SnapshotBuilder::kNow + 5;
  EXPECT_EQ(condition_of(b).held, 0u) << "a clock that is ahead is no negative time";
  b.task(50).last_arrival = 0;
  EXPECT_EQ(condition_of(b).held, std::nullopt) << "it never arrived: the kernel does not record it";
}

TEST(CpuCondition, ATasksTimeIsNotThatOfTheInterruptOnTopOfIt) {
  SnapshotBuilder b;
  b.cpu(0).runs(50, "a").frames({"f"}, ContextKind::kSoftirq).held_for(14);
  EXPECT_EQ(condition_of(b).held, std::nullopt);
}

TEST(CpuCondition, ALockupIsTwiceTheKernelsThreshold) {
  SnapshotBuilder b;
  b.cpu(0).runs(50, "a").frames({"f"}).unwatched_for(19);
  EXPECT_FALSE(condition_of(b).lockup);
  b.cpu(0).unwatched_for(22);
  EXPECT_TRUE(condition_of(b).lockup);
  b.machine().watchdog_threshold = 20;
  EXPECT_FALSE(condition_of(b).lockup);
  b.machine().watchdog_threshold.reset();
  EXPECT_TRUE(condition_of(b).lockup) << "10 s is what kernels are shipped with";
}

TEST(CpuCondition, AWatchdogThatWasToldToForgetSaysNothing) {
  SnapshotBuilder b;
  b.cpu(0).runs(50, "a").frames({"f"});
  for (const std::uint64_t stamp : {std::uint64_t{0}, ~std::uint64_t{0}}) {
    b.cpu(0)->watchdog.touch_seconds = stamp;
    EXPECT_EQ(condition_of(b).unwatched, std::nullopt);
    EXPECT_FALSE(condition_of(b).lockup);
  }
}

// Before v5.13 printing the report of a lockup restarts the watchdog's clock.
TEST(CpuCondition, WhereTheWatchdogWasToldToForgetAStarvedStopperRemembers) {
  SnapshotBuilder b;
  b.cpu(0).runs(50, "a").frames({"f"}).stopper_starves(10, 0, "softlockup_fn");
  b.cpu(0)->register_source = model::RegisterSource::kPrstatus;
  b.cpu(0)->watchdog.touch_seconds = ~std::uint64_t{0};
  b.task(10).last_queued = SnapshotBuilder::kNow - 22'000'000'000;
  EXPECT_EQ(condition_of(b).unwatched, 22'000'000'000u);
  EXPECT_TRUE(condition_of(b).lockup);
  EXPECT_TRUE(stands_long(condition_of(b)));
  b.task(10).last_queued = SnapshotBuilder::kNow - 1'000'000'000;
  EXPECT_FALSE(stands_long(condition_of(b))) << "it has only just become runnable";
  b.task(10).last_queued.reset();
  EXPECT_EQ(condition_of(b).unwatched, std::nullopt);
}

TEST(CpuCondition, ThresholdsThatOverflowDoNotMakeEveryCpuStuck) {
  SnapshotBuilder b;
  b.cpu(0).runs(50, "a").frames({"f"}).unwatched_for(3);
  for (const std::uint64_t threshold : {std::uint64_t{1} << 63, std::uint64_t{1} << 55, ~std::uint64_t{0}}) {
    b.machine().watchdog_threshold = threshold;
    EXPECT_FALSE(condition_of(b).lockup) << threshold;
  }
}

TEST(CpuCondition, AThresholdOfZeroMeansThatTheWatchdogIsOff) {
  SnapshotBuilder b;
  b.cpu(0).runs(50, "a").frames({"f"}).unwatched_for(5);
  b.machine().watchdog_threshold = 0;
  EXPECT_FALSE(condition_of(b).lockup) << "kernel.watchdog_thresh=0 switches it off: its stamps grow old by themselves";
}

TEST(CpuCondition, WithoutAClockNothingIsSaidAboutTime) {
  SnapshotBuilder b;
  b.cpu(0).runs(50, "a").frames({"f"}).held_for(50).unwatched_for(50).clock_behind(50);
  b.machine().clock.reset();
  const CpuCondition condition = condition_of(b);
  EXPECT_EQ(condition.held, std::nullopt);
  EXPECT_EQ(condition.unwatched, std::nullopt);
  EXPECT_FALSE(condition.lockup || condition.ticks_stopped);
}

TEST(CpuCondition, TicksHaveStoppedWhenTheClockIsFarBehindOnACpuThatWorks) {
  SnapshotBuilder b;
  b.cpu(0).runs(50, "a").frames({"f"}).clock_behind(1.9);
  b.cpu(1).idles().clock_behind(50);
  EXPECT_FALSE(condition_of(b).ticks_stopped);
  EXPECT_FALSE(condition_of(b, 1).ticks_stopped) << "an idle CPU takes none";
  b.cpu(0).clock_behind(2.1);
  EXPECT_TRUE(condition_of(b).ticks_stopped);
}

TEST(CpuCondition, ACpuThatIsNotRunIsNoneWhetherItsTaskIsListedOrNot) {
  SnapshotBuilder b;
  add_hog(b, 1).clock_behind(30);
  EXPECT_TRUE(judge_cpus(model::Index(b.build())).at(0).not_run);
  std::erase_if(b.snapshot().tasks, [](const model::Task& task) { return task.pid == 120; });
  EXPECT_TRUE(judge_cpus(model::Index(b.build())).at(0).not_run);
}

TEST(CpuCondition, AStarvedStopperIsRunnableHasWorkAndDoesNotRun) {
  SnapshotBuilder b;
  add_hog(b, 0).stopper_starves(21, 0x1000);
  EXPECT_TRUE(condition_of(b).stopper_starved);
  b.task(21).on_cpu = true;
  EXPECT_FALSE(condition_of(b).stopper_starved);
  b.task(21).on_cpu = false;
  b.task(21).on_runqueue = false;
  EXPECT_FALSE(condition_of(b).stopper_starved) << "not woken yet";
  b.task(21).on_runqueue = true;
  b.cpu(0)->stopper->pending.clear();
  EXPECT_FALSE(condition_of(b).stopper_starved);
  b.cpu(0)->stopper->task = 0x99;
  b.cpu(0)->stopper->pending.resize(1);
  EXPECT_FALSE(condition_of(b).stopper_starved) << "its task is not known";
}

TEST(CpuCondition, OnlyTaskContextWithEverythingEnabledCanBePreempted) {
  SnapshotBuilder b;
  add_hog(b, 0);
  b.preemption("full");
  EXPECT_TRUE(condition_of(b).preemptible);
  b.cpu(0).interrupts(false);
  EXPECT_FALSE(condition_of(b).preemptible);
  b.cpu(0).interrupts(true).preempt_depth(1);
  EXPECT_FALSE(condition_of(b).preemptible);
  b.cpu(0).preempt_depth(0).softirq_depth(1);
  EXPECT_FALSE(condition_of(b).preemptible);
  b.cpu(0).softirq_depth(0);
  for (const char* model : {"none", "voluntary", "voluntary or none", ""}) {
    b.preemption(model);
    EXPECT_FALSE(condition_of(b).preemptible) << model;
  }
}

TEST(CpuCondition, TheCulpritIsTheFunctionOfTheLoopNotOfItsHelper) {
  SnapshotBuilder b;
  b.cpu(0).runs(120, "spinner").frames({"cpu_relax_helper", "spin_forever [while1]", "kthread"});
  b.cpu(0).loop("spin_forever [while1]", LoopYield::kNever, {}, 1);
  const Culprit culprit = culprit_on(b.build(), condition_of(b));
  EXPECT_EQ(culprit.function, "spin_forever");
  EXPECT_EQ(culprit.module, "while1");
  EXPECT_EQ(culprit.pid, 120u);
  EXPECT_EQ(culprit.kind, CulpritKind::kTask);
}

TEST(CpuCondition, ACulpritWithoutAStackIsStillATaskOnACpu) {
  SnapshotBuilder b;
  add_hog(b, 0).no_registers();
  const Culprit culprit = culprit_on(b.build(), condition_of(b));
  EXPECT_EQ(culprit.comm, "spinner");
  EXPECT_EQ(culprit.function, "");
}

TEST(CpuCondition, NamesOfClassesAndKindsAreUnique) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(HangClass::kUndetermined); ++i)
    names.insert(name_of(static_cast<HangClass>(i)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(HangClass::kUndetermined) + 1);
  EXPECT_NE(name_of(CulpritKind::kSoftirq), name_of(CulpritKind::kHardirq));
}

}  // namespace
}  // namespace whyhung::diagnose
