// SPDX-License-Identifier: GPL-2.0-or-later
// Waits for completions: which one it is, a thread that must complete it, and waits that end by themselves.
#include "collect_test_support.h"

namespace whyhung::collect {
namespace {

using model::ResourceKind;
using test::FakeCompletion;

const std::vector<FakeFrame> kPlain = {"wait_for_completion", "wants_it_done [driver]"};

class CompletionsTest : public CollectTest {
 protected:
  test::FakeCompletions completions{kernel};
};

TEST_F(CompletionsTest, ACompletionThatNobodyIsKnownForHasNoHolder) {
  const auto& done = completions.make("io_done [driver]").waited_for_by(100, kPlain).waited_for_by(101, kPlain);
  const model::Resource& found = resource(done.address());
  EXPECT_EQ(found.kind, ResourceKind::kCompletion);
  EXPECT_EQ(found.name, "io_done [driver]");
  EXPECT_EQ(holders_of(found), Nodes{});
  EXPECT_EQ(fact(found, "done"), "0");
  EXPECT_EQ(fact(found, "waiters"), "2");
  EXPECT_EQ(fact(found, "ends_by_itself"), "");
  EXPECT_EQ(evidence(found.evidence, "completion.done"), "0");
  for (const std::uint32_t pid : {100, 101}) {
    EXPECT_EQ(waits_of(pid), Addresses{done.address()});
    EXPECT_EQ(how_of(wait_of(pid)), "sleeps in wants_it_done [driver]");
    EXPECT_EQ(evidence(wait_of(pid).evidence, "__wait_for_common"), "");
    EXPECT_EQ(wait_of(pid).evidence.back().address, FakeCompletion::record_of(pid));
  }
  EXPECT_EQ(snapshot().resources.size(), 1u);
}

TEST_F(CompletionsTest, ACompletionThatIsDoneSaysSo) {
  completions.make().done(1).waited_for_by(100, kPlain);
  EXPECT_EQ(fact(waited_for_by(100), "done"), "1");
}

TEST_F(CompletionsTest, KthreadStopWaitsForTheThreadToEnd) {
  kernel.add_kthread(50, "flusher", "flush_thread [driver]");
  kernel.add_kthread(51, "other", "other_thread [driver]");
  completions.exit_of(51);
  completions.exit_of(50).waited_for_by(100, {"wait_for_completion", "kthread_stop", "driver_exit [driver]"});
  EXPECT_EQ(holders_of(waited_for_by(100)), Nodes{task(50)});
  EXPECT_EQ(role_of(waited_for_by(100)), model::HolderRole::kMustEnd);
  EXPECT_EQ(evidence(waited_for_by(100).holders.at(0).evidence, "kthread.exited"), "");
  EXPECT_EQ(how_of(wait_of(100)), "sleeps in driver_exit [driver]");
}

TEST_F(CompletionsTest, KthreadParkWaitsForTheThreadToPark) {
  kernel.add_kthread(50, "flusher", "flush_thread [driver]");
  completions.parking_of(50).waited_for_by(100, {"wait_for_completion", "kthread_park", "driver_idle [driver]"});
  EXPECT_EQ(holders_of(waited_for_by(100)), Nodes{task(50)});
  EXPECT_EQ(role_of(waited_for_by(100)), model::HolderRole::kMustPark);
  EXPECT_EQ(evidence(waited_for_by(100).holders.at(0).evidence, "kthread.parked"), "");
}

TEST_F(CompletionsTest, AThreadThatIsStoppedWhileItParksMustStillEnd) {
  kernel.add_kthread(50, "flusher", "flush_thread");
  completions.exit_of(50).waited_for_by(100, {"wait_for_completion", "kthread_stop", "kthread_park_helper"});
  EXPECT_EQ(role_of(waited_for_by(100)), model::HolderRole::kMustEnd);
}

TEST_F(CompletionsTest, OldKernelsKeepTheKthreadBehindSetChildTid) {
  kernel.add_kthread(50, "flusher", "flush_thread");
  completions.exit_of(50).waited_for_by(100, {"wait_for_completion", "kthread_stop"});
  kernel.machine.types.remove("task_struct", "worker_private").add("task_struct 1024: set_child_tid@208:8");
  kernel.set_task(50, "set_child_tid", FakeKernel::kthread_of(kernel.task(50)));
  EXPECT_EQ(holders_of(waited_for_by(100)), Nodes{task(50)});
}

TEST_F(CompletionsTest, VeryOldKernelsReachTheKthreadThroughVforkDone) {
  kernel.add_kthread(50, "flusher", "flush_thread");
  auto& exited = completions.exit_of(50).waited_for_by(100, {"wait_for_completion", "kthread_stop"});
  kernel.machine.types.remove("task_struct", "worker_private").remove("kthread", "threadfn");
  kernel.machine.types.add("task_struct 1024: vfork_done@208:8");
  kernel.set_task(50, "vfork_done", exited.address());
  EXPECT_EQ(holders_of(waited_for_by(100)), Nodes{task(50)});
}

// The thread of CPU 2 that takes it down.
class CpuHotplugTest : public CompletionsTest {
 protected:
  CpuHotplugTest() {
    kernel.machine.types.add("cpuhp_cpu_state 256: thread@0:8 should_run@8:1 done_up@64:32 done_down@96:32");
    kernel.machine.symbols.add("cpuhp_state", 0x5000, 256);
    kernel.add_kthread(50, "cpuhp/2", "smpboot_thread_fn");
    for (std::uint32_t cpu = 0; cpu < 4; ++cpu) kernel.machine.memory.touch(kernel.percpu(cpu, "cpuhp_state"));
    kernel.machine.set("cpuhp_cpu_state", state(), "thread", kernel.task(50));
    kernel.machine.set("cpuhp_cpu_state", state(), "should_run", 1);
  }
  std::uint64_t state() { return kernel.percpu(2, "cpuhp_state"); }
  const model::Resource& waited(std::string_view member, std::vector<FakeFrame> frames) {
    completions.at(kernel.machine.address_of("cpuhp_cpu_state", state(), member)).waited_for_by(100, std::move(frames));
    return waited_for_by(100);
  }
  const std::vector<FakeFrame> kTakesDown = {"wait_for_completion", "cpuhp_kick_ap", "_cpu_down"};
};

TEST_F(CpuHotplugTest, ACpusOwnThreadMustTakeItDown) {
  EXPECT_EQ(holders_of(waited("done_down", kTakesDown)), Nodes{task(50)});
  EXPECT_EQ(role_of(waited_for_by(100)), model::HolderRole::kMustRun);
  EXPECT_EQ(evidence(waited_for_by(100).holders.at(0).evidence, "cpuhp_state of CPU 2, whose thread is at work"), "");
  EXPECT_EQ(how_of(wait_of(100)), "sleeps in _cpu_down");
}

TEST_F(CpuHotplugTest, OneThatHasNothingToDoDoesNotOweIt) {
  kernel.machine.set("cpuhp_cpu_state", state(), "should_run", 0);
  EXPECT_EQ(holders_of(waited("done_up", kTakesDown)), Nodes{});
}

TEST_F(CpuHotplugTest, WhatIsNoCpusIsNotItsThreads) {
  completions.make().waited_for_by(100, kTakesDown);
  EXPECT_EQ(holders_of(waited_for_by(100)), Nodes{});
}

TEST_F(CompletionsTest, TheMakerOfThreadsIsKthreadd) {
  kernel.add_kthread(2, "kthreadd", "kthreadd");
  completions.make().waited_for_by(100, {"wait_for_completion_killable", "__kthread_create_on_node", "driver_init"});
  EXPECT_EQ(holders_of(waited_for_by(100)), Nodes{task(2)});
  EXPECT_EQ(role_of(waited_for_by(100)), model::HolderRole::kMustMakeThread);
}

TEST_F(CompletionsTest, ATaskWithKthreaddsPidThatIsNoKernelThreadMakesNoThreads) {
  kernel.add_task(2, "kthreadd");
  completions.make().waited_for_by(100, {"wait_for_completion_killable", "__kthread_create_on_node"});
  EXPECT_EQ(holders_of(waited_for_by(100)), Nodes{});
}

TEST_F(CompletionsTest, ATimeoutOrWhatIsOutsideEndsIt) {
  const std::vector<std::vector<FakeFrame>> ending = {{"wait_for_completion_timeout", "driver_wait"},
                                                      {"wait_for_completion_io_timeout", "driver_wait"},
                                                      {"wait_for_completion", "submit_bio_wait", "read_block"},
                                                      {"wait_for_completion_io", "blk_execute_rq", "scsi_execute"},
                                                      {"wait_for_completion", "call_usermodehelper_exec"},
                                                      {"wait_for_completion_killable", "wait_for_vfork_done"}};
  std::uint32_t pid = 100;
  for (const auto& frames : ending) completions.make().waited_for_by(pid++, frames);
  completions.make().waited_for_by(200, {"wait_for_completion_killable", "driver_wait"});
  completions.make().waited_for_by(201, {"wait_for_completion", "submit_bio_wait [impostor]"});
  for (pid = 100; pid < 100 + ending.size(); ++pid) {
    EXPECT_EQ(fact(waited_for_by(pid), "ends_by_itself"), "true") << ending[pid - 100][0].function;
    EXPECT_EQ(holders_of(waited_for_by(pid)), Nodes{});
  }
  EXPECT_EQ(fact(waited_for_by(200), "ends_by_itself"), "");
  EXPECT_EQ(fact(waited_for_by(201), "ends_by_itself"), "") << "a module's function is not the kernel's";
}

TEST_F(CompletionsTest, WhatADriverWaitsForWhileItServesABioEndsNotByItself) {
  completions.make().waited_for_by(
      100, {"wait_for_completion", "resets [driver]", "queues [driver]", "submit_bio_noacct", "submit_bio_wait"});
  EXPECT_EQ(fact(waited_for_by(100), "ends_by_itself"), "");
}

TEST_F(CompletionsTest, ARecordThatIsLinkedToNothingIsNoWait) {
  kernel.sleep(100, {"__schedule", "schedule", "schedule_timeout", "__wait_for_common", "wait_for_completion"});
  completions.make().leave_record(100, FakeCompletion::record_of(100));
  EXPECT_EQ(waits_of(100), Addresses{});
  EXPECT_TRUE(snapshot().resources.empty());
}

TEST_F(CompletionsTest, ARecordThatAnEarlierWaitLeftDoesNotHideTheRealOne) {
  auto& done = completions.make().waited_for_by(100, kPlain);
  done.leave_record(100, FakeCompletion::record_of(100) - 0x40);
  EXPECT_EQ(waits_of(100), Addresses{done.address()});
}

TEST_F(CompletionsTest, AQueueThatNamesWhatIsNoTaskIsNoQueue) {
  completions.make().waited_for_by(100, kPlain).waited_for_by(101, kPlain);
  kernel.machine.set("swait_queue", FakeCompletion::record_of(101), "task", 0xffff888812340000);
  EXPECT_EQ(waits_of(100), Addresses{}) << "two nodes of its queue are no records";
}

TEST_F(CompletionsTest, AQueueThatRunsInACircleOrOutOfMemoryIsNoQueue) {
  completions.make().waited_for_by(100, kPlain).waited_for_by(101, kPlain).waited_for_by(102, kPlain);
  completions.make().waited_for_by(103, kPlain).waited_for_by(104, kPlain).waited_for_by(105, kPlain);
  const auto links = [](std::uint32_t pid) { return FakeCompletion::record_of(pid) + 8; };
  kernel.machine.memory.write_u64(links(102), links(101));
  kernel.machine.memory.take_away(links(105));
  EXPECT_EQ(waits_of(100), Addresses{});
  EXPECT_EQ(waits_of(103), Addresses{});
  EXPECT_TRUE(snapshot().resources.empty());
}

TEST_F(CompletionsTest, FullQueueEntriesAreRecordsToo) {
  completions.use_full_queues("wait_queue_entry");
  auto& done = completions.make("io_done").waited_for_by(100, kPlain).waited_for_by(101, kPlain);
  EXPECT_EQ(waits_of(100), Addresses{done.address()});
  EXPECT_EQ(waits_of(101), Addresses{done.address()});
}

TEST_F(CompletionsTest, FullQueueEntriesHadAnotherNameBefore) {
  completions.use_full_queues("__wait_queue");
  auto& done = completions.make("io_done").waited_for_by(100, kPlain);
  EXPECT_EQ(waits_of(100), Addresses{done.address()});
}

TEST_F(CompletionsTest, WithoutItsTypesACompletionIsNotFoundAndAllElseGoesOn) {
  test::FakeLocks locks(kernel);
  completions.make().waited_for_by(100, kPlain);
  locks.mutex("alpha").held_by(100).waited_for_by({101});
  kernel.machine.types.remove("completion");
  EXPECT_EQ(waits_of(100), Addresses{});
  EXPECT_EQ(waits_of(101).size(), 1u);
}

TEST_F(CompletionsTest, WithoutStructKthreadNoThreadIsNamed) {
  kernel.add_kthread(50, "flusher", "flush_thread");
  auto& exited = completions.exit_of(50).waited_for_by(100, {"wait_for_completion", "kthread_stop"});
  kernel.machine.types.remove("kthread");
  EXPECT_EQ(waits_of(100), Addresses{exited.address()});
  EXPECT_EQ(holders_of(waited_for_by(100)), Nodes{});
}

}  // namespace
}  // namespace whyhung::collect
