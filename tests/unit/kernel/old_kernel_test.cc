// SPDX-License-Identifier: GPL-2.0-or-later
// What kernels of v3.x keep elsewhere, or in another form.
#include <gtest/gtest.h>

#include "kernel/interrupts.h"
#include "kernel/percpu.h"
#include "kernel/sleeping_lock.h"
#include "kernel/spinlock.h"
#include "kernel/task.h"
#include "support/fake_machine.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kTask = 0xc000000001000000;
constexpr std::uint64_t kStack = 0xc000000002000000;

// The preempt count of CPU 0, on which kTask runs.
std::optional<PreemptCount> count_of_task(test::FakeMachine& machine) {
  constexpr std::uint64_t kOffsets = 0xc000000003000000;
  machine.symbols.add("__per_cpu_offset", kOffsets, 8)
      .add("__cpu_possible_mask", kOffsets + 8, 8)
      .add("nr_cpu_ids", kOffsets + 16, 4);
  machine.memory.write_u64(kOffsets, 0x1000000);
  machine.memory.write_u64(kOffsets + 8, 1);
  machine.memory.write_u32(kOffsets + 16, 1);
  const auto percpu = PerCpu::open(machine.access());
  if (!percpu) throw std::runtime_error(percpu.error().what);
  Binder binder(machine.types);
  return InterruptView::bind(machine.access(), binder)
      .preempt_count(machine.access(), *percpu, 0, VirtualAddress(kTask));
}

TEST(OldThreadInfoTest, LiesAtTheLowEndOfTheStack) {
  test::FakeMachine machine(
      "task_struct 256: stack@8:8 start_time@16:16 start_time.tv_sec@16:8 start_time.tv_nsec@24:8\n"
      "thread_info 64: task@0:8 cpu@16:4 preempt_count@20:4");
  machine.set("task_struct", kTask, "stack", kStack);
  machine.set("thread_info", kStack, "cpu", 6);
  machine.set("thread_info", kStack, "preempt_count", 0x10002);
  machine.set("task_struct", kTask, "start_time.tv_sec", 3);
  machine.set("task_struct", kTask, "start_time.tv_nsec", 500);
  Binder binder(machine.types);
  const TaskView view = TaskView::bind(machine.access(), binder);
  EXPECT_EQ(view.cpu_of(machine.memory, VirtualAddress(kTask)), 6u);
  EXPECT_EQ(view.start_time_of(machine.memory, VirtualAddress(kTask)), 3'000'000'500u);
  const auto count = count_of_task(machine);
  ASSERT_TRUE(count);
  EXPECT_FALSE(count->tells_reschedule);
  EXPECT_EQ(count->preempt_depth(), 2u);
  EXPECT_EQ(count->hardirq_depth(), 1u);
  EXPECT_EQ(count->member, "thread_info.preempt_count");
}

TEST(OldThreadInfoTest, IsNotLookedForOnTheStackWhenItIsInTheTask) {
  test::FakeMachine machine(
      "task_struct 256: stack@8:8 thread_info@32:64\nthread_info 64: cpu@16:4 preempt_count@20:4");
  machine.set("task_struct", kTask, "stack", kStack);
  machine.set("thread_info", kStack, "preempt_count", 1);
  EXPECT_FALSE(count_of_task(machine));
}

class OldRwSemaphoreTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kLock = 0xc000000003000000;
  OldRwSemaphoreTest()
      : machine_(
            "rw_semaphore 32: count@0:8 wait_list@16:16 owner@24:8\n"
            "rwsem_waiter 32: list@0:16 task@16:8 type@24:4") {
    machine_.memory.touch(kLock);
  }
  RwSemaphoreState state(std::uint64_t count, std::vector<std::uint64_t> waiters) {
    machine_.set("rw_semaphore", kLock, "count", count);
    machine_.link_list(kLock + 16, waiters);
    Binder binder(machine_.types);
    const auto view = SleepingLockView::bind(LockKind::kRwSemaphore, binder);
    return view.rw_state(machine_.access(), VirtualAddress(kLock)).value();
  }
  test::FakeMachine machine_;
};

TEST_F(OldRwSemaphoreTest, OneCountMeansAWriterOrAReaderAsTheListSays) {
  const RwSemaphoreState writer = state(0xffffffff00000001, {});
  EXPECT_TRUE(writer.writer_holds);
  EXPECT_EQ(writer.readers, 0u);
  const RwSemaphoreState reader = state(0xffffffff00000001, {kStack});
  EXPECT_FALSE(reader.writer_holds);
  EXPECT_EQ(reader.readers, 1u);
}

TEST_F(OldRwSemaphoreTest, AWriterWithWaitersTakesTwoBiases) {
  EXPECT_TRUE(state(0xfffffffe00000001, {kStack}).writer_holds);
  EXPECT_EQ(state(0xffffffff00000003, {kStack}).readers, 3u);
  EXPECT_EQ(state(2, {}).readers, 2u);
  EXPECT_FALSE(state(0xffffffff00000000, {kStack}).writer_holds) << "only a waiter is left";
}

TEST_F(OldRwSemaphoreTest, NewerCountsAreFlags) {
  machine_.types.add("rwsem_waiter 40: timeout@32:8");
  const RwSemaphoreState writer = state(0x3, {kStack});
  EXPECT_TRUE(writer.writer_holds);
  EXPECT_EQ(state(0x202, {kStack}).readers, 2u);
}

TEST(SpinlockTest, PowersWordNamesTheHolder) {
  test::FakeTypes types("arch_spinlock_t 4: slock@0:4\npaca_struct 64: paca_index@8:2 lock_token@10:2");
  Binder binder(types);
  const SpinlockView view = SpinlockView::bind(binder);
  EXPECT_EQ(view.holder(0x80000006, 8), 6u);
  EXPECT_TRUE(view.looks_taken(0x80000006, 8));
  EXPECT_TRUE(view.looks_taken(0x80000000, 8));
  EXPECT_FALSE(view.looks_taken(0, 8));
  EXPECT_FALSE(view.holder(0x80000008, 8)) << "there is no such CPU";
  EXPECT_FALSE(view.looks_taken(1, 8)) << "no token";
}

TEST(SpinlockTest, TicketsAreTakenUntilTheServedOneIsTheNext) {
  test::FakeTypes types("arch_spinlock_t 4: tickets.head@0:2 tickets.tail@2:2");
  Binder binder(types);
  const SpinlockView view = SpinlockView::bind(binder);
  EXPECT_TRUE(view.looks_taken(0x00070006, 8));
  EXPECT_FALSE(view.looks_taken(0x00070007, 8));
  EXPECT_FALSE(view.holder(0x00070006, 8));
}

TEST(SpinlockTest, QueuedLocksNameNobody) {
  test::FakeTypes types("arch_spinlock_t 4: val@0:4");
  Binder binder(types);
  const SpinlockView view = SpinlockView::bind(binder);
  EXPECT_TRUE(view.looks_taken(0x00040101, 8));
  EXPECT_FALSE(view.looks_taken(0x00040100, 8));
  EXPECT_FALSE(view.holder(0x80000001, 8));
}

TEST(OldCpuMaskTest, ThePointerLeadsToTheBitsWhereTheseHaveNoName) {
  test::FakeMachine machine;
  machine.symbols.add("__per_cpu_offset", 0xc000000000100000, 64).add("nr_cpu_ids", 0xc000000000101000, 4);
  machine.symbols.add("cpu_possible_mask", 0xc000000000102000, 8);
  machine.memory.write_u32(0xc000000000101000, 4);
  for (std::uint64_t cpu = 0; cpu < 4; ++cpu) machine.memory.write_u64(0xc000000000100000 + 8 * cpu, cpu << 20);
  machine.memory.write_u64(0xc000000000102000, 0xc000000000103000);
  machine.memory.write_u64(0xc000000000103000, 0b1011);
  const auto percpu = PerCpu::open(machine.access());
  ASSERT_TRUE(percpu) << percpu.error().what;
  EXPECT_EQ(percpu->possible(), (std::vector<std::uint32_t>{0, 1, 3}));
  machine.symbols.add("cpu_possible_bits", 0xc000000000104000, 8);
  machine.memory.write_u64(0xc000000000104000, 0b11);
  EXPECT_EQ(PerCpu::open(machine.access())->possible(), (std::vector<std::uint32_t>{0, 1}));
}

}  // namespace
}  // namespace whyhung::kernel
