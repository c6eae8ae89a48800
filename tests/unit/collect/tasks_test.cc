// SPDX-License-Identifier: GPL-2.0-or-later
// Tasks: all of them, once each, with their states, times and stacks; and what is said when some cannot be had.
#include "collect_test_support.h"
#include "unwind/taken_return.h"

namespace whyhung::collect {
namespace {

using model::TaskState;
using Pids = std::vector<std::uint32_t>;

class TasksTest : public CollectTest {
 protected:
  TasksTest() : CollectTest(2) {}
  // Of all but the idle tasks, in the snapshot's order.
  Pids pids() {
    Pids found;
    for (const model::Task& task : snapshot().tasks) {
      if (!task.is_idle_task) found.push_back(task.pid);
    }
    return found;
  }
  std::uint64_t links_of(std::uint32_t pid) {
    return kernel.machine.address_of("task_struct", kernel.task(pid), "tasks");
  }
  // A thread of the process `leader`, on its list of threads and on no other.
  void add_thread(std::uint32_t pid, std::uint32_t leader) {
    kernel.add_task(pid, "thread");
    kernel.unlist(pid);
    kernel.set_task(pid, "tgid", leader);
    threads_.push_back(kernel.machine.address_of("task_struct", kernel.task(pid), "thread_node"));
    auto all = threads_;
    all.insert(all.begin(), kernel.machine.address_of("task_struct", kernel.task(leader), "thread_node"));
    kernel.machine.link_list(kernel.task(leader) + 0x800 + 16, all);
  }
  std::vector<std::uint64_t> threads_;
};

TEST_F(TasksTest, IdleTasksComeFirstAndTheOthersByPid) {
  for (const std::uint32_t pid : {30, 10, 20}) kernel.add_task(pid, "task");
  EXPECT_EQ(pids(), (Pids{10, 20, 30}));
  ASSERT_EQ(snapshot().tasks.size(), 5u);
  EXPECT_EQ(snapshot().tasks.at(0).address, kernel.idle_task(0));
  EXPECT_EQ(snapshot().tasks.at(1).address, kernel.idle_task(1));
  EXPECT_EQ(snapshot().machine.task_count, 5u);
  EXPECT_EQ(gap("list of tasks"), "");
}

TEST_F(TasksTest, AFlagThatTheKernelDoesNotHaveIsNotReadAsNo) {
  kernel.machine.types.remove("task_struct", "on_cpu");
  kernel.add_task(10, "task");
  EXPECT_EQ(the_task(10).on_cpu.read, std::nullopt) << "a kernel without SMP";
  EXPECT_EQ(the_task(10).on_runqueue.read, false);
  EXPECT_EQ(the_task(10).is_kernel_thread.read, false);
}

TEST_F(TasksTest, StatesAreWhatTheKernelsWordsMean) {
  struct Row {
    std::uint64_t state, exit_state;
    TaskState expected;
    bool killable;
  };
  const std::vector<Row> rows = {
      {0, 0, TaskState::kRunning, false},         {1, 0, TaskState::kInterruptible, false},
      {2, 0, TaskState::kUninterruptible, false}, {0x102, 0, TaskState::kUninterruptible, true},
      {0x402, 0, TaskState::kIdle, false},        {4, 0, TaskState::kStopped, false},
      {8, 0, TaskState::kTraced, false},          {0x40, 0, TaskState::kParked, false},
      {0x80, 0x20, TaskState::kZombie, false},    {0x80, 0x10, TaskState::kDead, false},
      {0x800, 0, TaskState::kRunning, false}};
  std::uint32_t pid = 100;
  for (const Row& row : rows) {
    kernel.add_task(pid, "task");
    kernel.set_task(pid, "__state", row.state);
    kernel.set_task(pid++, "exit_state", row.exit_state);
  }
  pid = 100;
  for (const Row& row : rows) {
    const model::Task& found = the_task(pid++);
    EXPECT_EQ(found.state, row.expected) << std::hex << row.state;
    EXPECT_EQ(found.killable_wait, row.killable) << std::hex << row.state;
    EXPECT_EQ(found.raw_state, row.state) << "as it is in memory";
    EXPECT_EQ(found.exit_state, row.exit_state);
  }
}

TEST_F(TasksTest, ATaskKnowsWhoItIs) {
  kernel.add_task(100, "parent");
  kernel.add_task(101, "child", 1);
  kernel.set_task(101, "real_parent", kernel.task(100));
  kernel.set_task(101, "policy", 1);
  kernel.set_task(101, "prio", 98);
  kernel.set_task(101, "sched_info.last_queued", FakeKernel::kNow - 5);
  kernel.set_task(101, "start_time", 77);
  const model::Task& found = the_task(101);
  EXPECT_EQ(found.comm, "child");
  EXPECT_EQ(found.parent_pid, 100u);
  EXPECT_EQ(found.cpu, 1u);
  EXPECT_EQ(found.policy, 1u);
  EXPECT_EQ(found.priority, 98);
  EXPECT_EQ(found.last_arrival, FakeKernel::kNow - 1'000'000'000);
  EXPECT_EQ(found.last_queued, FakeKernel::kNow - 5);
  EXPECT_EQ(found.start_time, 77u);
  EXPECT_EQ(found.stack_base, FakeKernel::stack_of(101));
  EXPECT_EQ(found.stack_size, 0x4000u);
  EXPECT_FALSE(found.on_cpu);
  EXPECT_FALSE(found.is_kernel_thread);
  EXPECT_EQ(the_task(100).last_queued, std::nullopt) << "it does not wait for a CPU";
}

TEST_F(TasksTest, ANegativePriorityStaysNegative) {
  kernel.add_task(100, "deadline");
  kernel.set_task(100, "prio", 0xffffffff);
  EXPECT_EQ(the_task(100).priority, -1);
}

TEST_F(TasksTest, AKernelThreadKnowsItsFunction) {
  kernel.add_kthread(50, "kworker/0", "worker_thread");
  kernel.add_kthread(51, "poller", "polls [driver]");
  kernel.add_kthread(52, "young", "never_mind");
  kernel.set_task(52, "worker_private", 0);
  EXPECT_TRUE(the_task(50).is_kernel_thread);
  EXPECT_EQ(the_task(50).thread_function, "worker_thread");
  EXPECT_EQ(the_task(51).thread_function, "polls");
  EXPECT_EQ(the_task(51).thread_function_module, "driver");
  EXPECT_EQ(the_task(52).thread_function, "") << "it has no struct kthread yet";
}

TEST_F(TasksTest, ThreadsAreFoundThroughTheirProcess) {
  kernel.add_task(100, "server");
  add_thread(101, 100);
  add_thread(102, 100);
  EXPECT_EQ(pids(), (Pids{100, 101, 102}));
  EXPECT_EQ(the_task(102).tgid, 100u);
}

TEST_F(TasksTest, OldKernelsLinkThreadsToEachOther) {
  kernel.add_task(100, "server");
  add_thread(101, 100);
  kernel.machine.types.remove("task_struct", "thread_node").add("task_struct 1024: thread_group@192:16");
  for (const std::uint32_t pid : {0, 1}) kernel.machine.link_list(kernel.idle_task(pid) + 192, {});
  kernel.machine.link_list(kernel.task(100) + 192, {kernel.task(101) + 192});
  EXPECT_EQ(pids(), (Pids{100, 101}));
}

TEST_F(TasksTest, ABrokenListGivesWhatWasReachedAndSaysSo) {
  for (const std::uint32_t pid : {10, 20, 30}) kernel.add_task(pid, "task");
  kernel.machine.memory.write_u64(links_of(20), 0);
  EXPECT_EQ(pids(), (Pids{10, 20, 30})) << "what lies behind the tear is found from the other end";
  EXPECT_EQ(gap("list of tasks"), "the task list: a NULL pointer in the middle of the list");
}

TEST_F(TasksTest, AListThatRunsInACircleEndsAndSaysSo) {
  for (const std::uint32_t pid : {10, 20, 30}) kernel.add_task(pid, "task");
  kernel.machine.memory.write_u64(links_of(30), links_of(20));
  EXPECT_EQ(pids(), (Pids{10, 20, 30})) << "each once";
  EXPECT_NE(gap("list of tasks").find("the list runs in a circle"), std::string::npos);
}

TEST_F(TasksTest, AThreadListThatIsBrokenIsSaidToBe) {
  kernel.add_task(100, "server");
  add_thread(101, 100);
  add_thread(102, 100);
  kernel.machine.memory.take_away(kernel.task(102));
  EXPECT_EQ(pids(), (Pids{100, 101}));
  EXPECT_NE(gap("list of tasks").find("a thread list: "), std::string::npos);
}

TEST_F(TasksTest, ATaskWhoseStructureIsNotInTheDumpIsCounted) {
  kernel.add_task(10, "here");
  // One whose links are the last that their page holds.
  const std::uint64_t half = 0xffff8881f0000000 + 4096 - 112;
  const std::uint64_t list = kernel.machine.symbols.address_of("init_task")->value + 96;
  kernel.machine.link_list(list, {links_of(10), half + 96});
  EXPECT_EQ(pids(), Pids{10});
  EXPECT_TRUE(gap("tasks").starts_with("1 task structure is not in the dump, the first: struct task_struct at 0x"))
      << gap("tasks");
  EXPECT_EQ(snapshot().machine.task_count, 3u);
}

TEST_F(TasksTest, ATaskThatRunsIsKnownThoughItIsOnNoList) {
  kernel.add_task(10, "task");
  kernel.add_task(20, "exits");
  kernel.run(1, 20, {"release_task", "do_exit"});
  kernel.unlist(20);
  EXPECT_EQ(pids(), (Pids{10, 20}));
  EXPECT_EQ(the_task(20).stack.frames.size(), 2u);
}

TEST_F(TasksTest, WithoutInitTaskOnlyWhoRunsOrIdlesIsKnown) {
  kernel.add_task(10, "task");
  kernel.add_task(20, "runs");
  kernel.run(1, 20, {"computes", "kthread"});
  kernel.machine.symbols.remove("init_task");
  EXPECT_EQ(pids(), Pids{20});
  EXPECT_EQ(snapshot().tasks.size(), 3u);
  EXPECT_EQ(gap("list of tasks"), "neither the pid tree nor the task list can be reached");
}

TEST_F(TasksTest, StateAndCpuHadOtherNamesAndPlacesBefore) {
  kernel.machine.types.add("task_struct 1024: state@24:8 cpu@208:4");
  kernel.add_task(10, "task");
  kernel.set_task(10, "state", 0x102);
  kernel.set_task(10, "cpu", 1);
  kernel.machine.types.remove("task_struct", "__state").remove("task_struct", "thread_info.cpu");
  EXPECT_EQ(the_task(10).state, TaskState::kUninterruptible);
  EXPECT_TRUE(the_task(10).killable_wait);
  EXPECT_EQ(the_task(10).cpu, 1u);
}

TEST_F(TasksTest, MembersThatTheKernelDoesNotHaveAreLeftOut) {
  kernel.add_task(10, "task");
  for (const char* gone : {"sched_info.last_arrival", "sched_info.last_queued", "thread_info.cpu", "on_cpu"}) {
    kernel.machine.types.remove("task_struct", gone);
  }
  kernel.machine.types.add("task_struct 1024: start_time@224:16");
  const model::Task& found = the_task(10);
  EXPECT_EQ(found.last_arrival, std::nullopt);
  EXPECT_EQ(found.last_queued, std::nullopt);
  EXPECT_EQ(found.cpu, std::nullopt);
  EXPECT_EQ(found.start_time, std::nullopt) << "a struct timespec is no number of nanoseconds";
  EXPECT_EQ(found.state, TaskState::kInterruptible);
}

TEST_F(TasksTest, AMemberThatEveryKernelHasIsMissed) {
  kernel.add_task(10, "task");
  kernel.machine.types.remove("task_struct", "policy");
  EXPECT_EQ(the_task(10).policy, std::nullopt);
  EXPECT_EQ(gap("task_struct.policy"), "the kernel's types do not have it");
}

TEST_F(TasksTest, ASleepingTaskHasTheStackThatItLeft) {
  kernel.add_task(10, "task");
  kernel.task_stack(10, {"__schedule", "schedule", "waits_for_it [driver]", "ksys_read"});
  const model::StackTrace& stack = the_task(10).stack;
  ASSERT_EQ(stack.frames.size(), 4u);
  EXPECT_EQ(snapshot().location(stack.frames.at(2)).function, "waits_for_it");
  EXPECT_EQ(snapshot().location(stack.frames.at(2)).module, "driver");
  EXPECT_EQ(stack.end, model::StackEndReason::kOutermost);
}

TEST_F(TasksTest, AStackThatIsNotInTheDumpIsNoReasonToLoseTheTask) {
  kernel.add_task(10, "task");
  kernel.machine.memory.take_away(FakeKernel::stack_of(10) + 0x3e00);
  EXPECT_TRUE(the_task(10).stack.frames.empty());
  EXPECT_EQ(the_task(10).stack.end, model::StackEndReason::kUnreadable);
  EXPECT_NE(the_task(10).stack.end_detail, "");
}

TEST_F(TasksTest, WithoutAnUnwinderStacksAreNotWalked) {
  kernel.add_task(10, "task");
  kernel.target.unwinder.reset();
  EXPECT_EQ(the_task(10).stack.end, model::StackEndReason::kNoUnwindData);
}

TEST_F(TasksTest, StacksThatATracerCutOffAreToldOnce) {
  for (const std::uint32_t pid : {10, 11}) {
    kernel.add_task(pid, "traced");
    unwind::Stack& stack = kernel.unwinder->stacks[FakeKernel::stack_of(pid) + 0x3e00 + 56];
    stack.end = unwind::StackEnd::kNoUnwindData;
    stack.end_detail = std::string(unwind::kReturnTaken) + " by 0x1234";
  }
  EXPECT_NE(gap("stacks of 2 tasks").find("function_graph"), std::string::npos);
}

}  // namespace
}  // namespace whyhung::collect
