// SPDX-License-Identifier: GPL-2.0-or-later
// Tasks: what their states mean in each kernel, how large their stacks are, and how all of them are found.
#include "kernel/task.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "support/fake_machine.h"

namespace whyhung::kernel {
namespace {

using Kind = TaskStates::Kind;

class TaskStatesTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kArray = 0xffffffff82000000;
  TaskStates states(std::initializer_list<const char*> names) {
    machine_.symbols.add("task_state_array", kArray, 256);
    machine_.memory.touch(kArray);
    std::uint64_t text = kArray + 0x1000;
    std::uint64_t slot = kArray;
    for (const char* name : names) {
      machine_.memory.write_text(text, name);
      machine_.memory.write_u64(slot, text);
      text += 32;
      slot += 8;
    }
    return TaskStates::read(machine_.access());
  }
  test::FakeMachine machine_;
};

// fs/proc/array.c of v4.14 and later.
constexpr std::initializer_list<const char*> kNewNames = {"R (running)", "S (sleeping)",     "D (disk sleep)",
                                                          "T (stopped)", "t (tracing stop)", "X (dead)",
                                                          "Z (zombie)",  "P (parked)",       "I (idle)"};
// fs/proc/array.c of v3.10.
constexpr std::initializer_list<const char*> kOldNames = {
    "R (running)", "S (sleeping)", "D (disk sleep)", "T (stopped)", "t (tracing stop)", "Z (zombie)",
    "X (dead)",    "x (dead)",     "K (wakekill)",   "W (waking)",  "P (parked)"};

TEST_F(TaskStatesTest, NewKernelsStates) {
  const TaskStates all = states(kNewNames);
  EXPECT_EQ(all.classify(0, 0), Kind::kRunning);
  EXPECT_EQ(all.classify(1, 0), Kind::kInterruptible);
  EXPECT_EQ(all.classify(2, 0), Kind::kUninterruptible);
  EXPECT_EQ(all.classify(0x402, 0), Kind::kIdle);
  EXPECT_EQ(all.classify(0x102, 0), Kind::kUninterruptible);
  EXPECT_TRUE(all.is_killable(0x102));
  EXPECT_FALSE(all.is_killable(0x2));
  EXPECT_EQ(all.classify(4, 0), Kind::kStopped);
  EXPECT_EQ(all.classify(0x108, 0), Kind::kTraced);
  EXPECT_EQ(all.classify(0x40, 0), Kind::kParked);
  EXPECT_EQ(all.classify(0x80, 0x10), Kind::kDead);
  EXPECT_EQ(all.classify(0x80, 0x20), Kind::kZombie);
  EXPECT_EQ(all.classify(0x80, 0), Kind::kUnknown);
  EXPECT_EQ(all.classify(0x200, 0), Kind::kUnknown) << "TASK_WAKING is no reported state";
}

TEST_F(TaskStatesTest, OldKernelsStatesHaveOtherBits) {
  const TaskStates all = states(kOldNames);
  EXPECT_EQ(all.classify(0, 0x10), Kind::kZombie) << "zombie and dead had changed places";
  EXPECT_EQ(all.classify(0, 0x20), Kind::kDead);
  EXPECT_TRUE(all.is_killable(0x82));
  EXPECT_FALSE(all.is_killable(0x102));
  EXPECT_EQ(all.classify(0x402, 0), Kind::kUninterruptible) << "there was no idle state";
  EXPECT_EQ(all.classify(0x200, 0), Kind::kParked);
}

TEST_F(TaskStatesTest, WithoutTheKernelsOwnNamesThoseOfNewKernelsHold) {
  EXPECT_EQ(TaskStates::read(machine_.access()).classify(0, 0x20), Kind::kZombie);
  machine_.symbols.add("task_state_array", kArray, 256);
  EXPECT_EQ(TaskStates::read(machine_.access()).classify(0, 0x20), Kind::kZombie);
  EXPECT_EQ(states({"R (running)", "garbage"}).classify(0, 0x20), Kind::kZombie);
}

TEST_F(TaskStatesTest, AnExitingTaskIsExitedWhateverItsStateSays) {
  const TaskStates all = states(kNewNames);
  EXPECT_EQ(all.classify(0, 0x20), Kind::kZombie);
  EXPECT_EQ(all.classify(1, 0x10), Kind::kDead);
}

class StackSizeTest : public testing::Test {
 protected:
  std::uint64_t size() {
    Binder binder(machine_.types);
    return TaskView::bind(machine_.access(), binder).stack_size;
  }
  test::FakeMachine machine_;
};

TEST_F(StackSizeTest, IsTheDistanceOfTheLinkersMarks) {
  machine_.symbols.add("__start_init_stack", 0x10000, 1).add("__end_init_stack", 0x14000, 1);
  EXPECT_EQ(size(), 0x4000u);
}

TEST_F(StackSizeTest, IsTheDistanceOfTheOlderMarks) {
  machine_.symbols.add("__start_init_task", 0x10000, 1).add("__end_init_task", 0x18000, 1);
  EXPECT_EQ(size(), 0x8000u);
}

TEST_F(StackSizeTest, MarksThatMakeNoSenseAreNotBelieved) {
  machine_.symbols.add("__start_init_stack", 0x14000, 1).add("__end_init_stack", 0x10000, 1);
  EXPECT_EQ(size(), 0u) << "the end before the start";
  machine_.types.add("thread_union 16384: stack@0:16384");
  EXPECT_EQ(size(), 0x4000u);
}

// A small machine: init_task on its list, processes with threads, and a pid tree.
class AllTasksTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kInit = 0xffffffff82000000;
  static constexpr std::uint64_t kNamespace = 0xffffffff82010000;
  static std::uint64_t task(std::uint64_t i) { return 0xffff888100000000 + 0x10000 * i; }
  static std::uint64_t signal(std::uint64_t i) { return 0xffff888200000000 + 0x10000 * i; }

  AllTasksTest()
      : machine_(
            "task_struct 512: tasks@64:16 thread_node@80:16 signal@96:8 pid_links@128:[4x16] pid@0:4\n"
            "signal_struct 64: thread_head@16:16\n"
            "pid 128: tasks@16:[4x8]\npid_namespace 64: idr.idr_rt@8:16\nxarray 16: xa_head@8:8\n"
            "xa_node 576: slots@40:[64x8]") {
    machine_.symbols.add("init_task", kInit, 512);
    machine_.link_list(kInit + 64, {task(1) + 64, task(2) + 64});
    for (const std::uint64_t i : {1, 2}) {
      machine_.set("task_struct", task(i), "signal", signal(i));
      machine_.link_list(signal(i) + 16, {task(i) + 80});
    }
    machine_.link_list(signal(2) + 16, {task(2) + 80, task(3) + 80});
  }
  // The same tasks, and one more, through their pids.
  void make_pid_tree() {
    machine_.symbols.add("init_pid_ns", kNamespace, 64);
    machine_.memory.write_u64(kNamespace + 8 + 8, tree() + 2);
    for (const std::uint64_t i : {1, 2, 3, 4}) {
      machine_.memory.write_u64(tree() + 40 + 8 * i, pid(i));
      machine_.memory.write_u64(pid(i) + 16, i == 4 ? 0 : task(i) + 128);
    }
  }
  static std::uint64_t tree() { return 0xffff888300000000; }
  static std::uint64_t pid(std::uint64_t i) { return 0xffff888400000000 + 0x1000 * i; }

  TaskList find() {
    Binder binder(machine_.types);
    const TaskView view = TaskView::bind(machine_.access(), binder);
    const XArrayView xarray = XArrayView::bind(binder);
    return find_all_tasks(machine_.access(), view, xarray, [](std::span<const VirtualAddress>) {});
  }
  static std::vector<VirtualAddress> tasks(std::initializer_list<std::uint64_t> numbers) {
    std::vector<VirtualAddress> all;
    for (const std::uint64_t i : numbers) all.emplace_back(task(i));
    return all;
  }
  test::FakeMachine machine_;
};

TEST_F(AllTasksTest, ThePidTreeGivesEveryThread) {
  make_pid_tree();
  const TaskList list = find();
  EXPECT_TRUE(list.from_pid_tree);
  EXPECT_TRUE(list.broken.empty());
  EXPECT_EQ(list.tasks, tasks({1, 2, 3})) << "a pid that only names a group has no task";
}

TEST_F(AllTasksTest, WithoutThePidTreeTheTaskListAndThreadListsAreWalked) {
  const TaskList list = find();
  EXPECT_FALSE(list.from_pid_tree);
  EXPECT_TRUE(list.broken.empty()) << list.broken;
  EXPECT_EQ(list.tasks, tasks({1, 2, 3}));
}

TEST_F(AllTasksTest, ADamagedPidTreeIsNotUsedInPart) {
  make_pid_tree();
  machine_.memory.take_away(pid(3));
  EXPECT_FALSE(find().from_pid_tree);
  EXPECT_EQ(find().tasks, tasks({1, 2, 3}));
  machine_.memory.take_away(tree());
  EXPECT_EQ(find().tasks, tasks({1, 2, 3}));
}

TEST_F(AllTasksTest, WhereTreeAndListAreBothTornEachGivesWhatTheOtherLacks) {
  make_pid_tree();
  machine_.memory.take_away(pid(1));
  machine_.memory.write_u64(task(1) + 64, 0);
  const TaskList list = find();
  EXPECT_TRUE(list.from_pid_tree);
  EXPECT_TRUE(list.broken.starts_with("struct pid at ")) << list.broken;
  auto found = list.tasks;
  std::ranges::sort(found);
  EXPECT_EQ(found, tasks({1, 2, 3}));
}

TEST_F(AllTasksTest, ATornTaskListIsWalkedFromItsOtherEndToo) {
  machine_.memory.write_u64(task(1) + 64, 0);
  const TaskList list = find();
  EXPECT_TRUE(list.broken.starts_with("the task list: ")) << list.broken;
  auto found = list.tasks;
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  EXPECT_EQ(found, tasks({1, 2, 3})) << "what lies behind the tear";
}

TEST_F(AllTasksTest, ATaskListInACircleEndsAndSaysSo) {
  machine_.memory.write_u64(task(2) + 64, task(1) + 64);
  const TaskList list = find();
  EXPECT_TRUE(list.broken.starts_with("the task list: the list runs in a circle at ")) << list.broken;
  EXPECT_EQ(list.tasks, tasks({1, 2, 3}));
}

TEST_F(AllTasksTest, AThreadListInACircleEndsAndSaysSo) {
  machine_.memory.write_u64(task(3) + 80, task(2) + 80);
  const TaskList list = find();
  EXPECT_TRUE(list.broken.starts_with("a thread list: the list runs in a circle at ")) << list.broken;
  EXPECT_EQ(list.tasks, tasks({1, 2, 3}));
}

TEST_F(AllTasksTest, AThreadNodeWithoutTheListThatItIsInIsNotUsed) {
  machine_.types.remove(std::string("signal_struct"), "thread_head").add("task_struct 512: thread_group@128:16");
  machine_.link_list(task(1) + 128, {});
  machine_.link_list(task(2) + 128, {task(3) + 128});
  EXPECT_EQ(find().tasks, tasks({1, 2, 3}));
}

TEST_F(AllTasksTest, OldKernelsLinkThreadsThroughTheLeader) {
  machine_.types.remove(std::string("task_struct"), "thread_node")
      .remove(std::string("signal_struct"), "thread_head")
      .add("task_struct 512: thread_group@80:16");
  machine_.link_list(task(1) + 80, {});
  machine_.link_list(task(2) + 80, {task(3) + 80});
  EXPECT_EQ(find().tasks, tasks({1, 2, 3}));
}

TEST_F(AllTasksTest, AnUnreadableSignalStructureCostsItsThreadsOnly) {
  machine_.memory.take_away(signal(2));
  const TaskList list = find();
  EXPECT_EQ(list.tasks, tasks({1, 2}));
  EXPECT_FALSE(list.broken.empty());
}

TEST_F(AllTasksTest, WithoutInitTaskThereIsNoWayToTasks) {
  machine_.symbols.remove("init_task");
  EXPECT_EQ(find().broken, "neither the pid tree nor the task list can be reached");
}

class FrozenTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kTask = 0xffff888000001000;
  FrozenTest() : machine_("task_struct 256: jobctl@16:8 frozen@24:4/3+1") { machine_.memory.touch(kTask); }
  bool frozen(std::uint64_t state, std::uint64_t jobctl, std::uint32_t bits) {
    machine_.set("task_struct", kTask, "jobctl", jobctl);
    machine_.memory.write_u32(kTask + 24, bits);
    TaskView view;
    Binder binder(machine_.types);
    view.jobctl = binder.optional("task_struct", {"jobctl"});
    view.frozen = binder.optional("task_struct", {"frozen"});
    return is_frozen(machine_.access(), view, VirtualAddress(kTask), state);
  }
  test::FakeMachine machine_;
};

TEST_F(FrozenTest, TheCgroupFreezerMarksItInTwoPlaces) {
  EXPECT_TRUE(frozen(1, 1u << 23, 1u << 3));
  EXPECT_FALSE(frozen(1, 0, 1u << 3)) << "it waits for its vfork() child, and only counts as frozen";
  EXPECT_FALSE(frozen(1, 1u << 23, 0)) << "it was told to freeze and has not come to it";
}

TEST_F(FrozenTest, OtherFreezersHaveAStateOfTheirOwn) {
  EXPECT_TRUE(frozen(0x8000, 0, 0));
  EXPECT_FALSE(frozen(0x2001, 0, 0)) << "it may be frozen, and is not";
}

}  // namespace
}  // namespace whyhung::kernel
