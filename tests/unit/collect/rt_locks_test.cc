// SPDX-License-Identifier: GPL-2.0-or-later
// Locks of a real-time kernel, all of them made of rt_mutexes: what they are, who waits, who holds them.
#include "collect_test_support.h"

namespace whyhung::collect {
namespace {

using model::Certainty;
using model::HolderRole;
using model::ResourceKind;

constexpr std::uint64_t kLock = 0xffffffff84000000, kOther = kLock + 0x100;
constexpr std::uint32_t kReaderBias = 1u << 31, kWriterBias = 1u << 30;

class RtLocksTest : public CollectTest {
 protected:
  RtLocksTest() {
    kernel.machine.types.add(
        "task_struct 1024: pi_blocked_on@512:8\n"
        "rt_mutex_base 32: owner@24:8\n"
        "rt_mutex_waiter 80: task@48:8 lock@56:8\n"
        "rw_semaphore 48: rwbase.readers@0:4 rwbase.rtmutex@8:32\n"
        "rwlock_t 48: rwbase.readers@0:4 rwbase.rtmutex@8:32");
    kernel.machine.memory.touch(kLock);
  }
  static std::uint64_t record_of(std::uint32_t pid) { return FakeKernel::stack_of(pid) + 0x3e80; }
  void owned_by(std::uint64_t rt_mutex, std::uint32_t pid, std::uint64_t flags = 1) {
    kernel.machine.set("rt_mutex_base", rt_mutex, "owner", kernel.task(pid) | flags);
  }
  // The task sleeps in these functions, queued for the rt_mutex.
  void queued(std::uint32_t pid, std::uint64_t rt_mutex, std::vector<FakeFrame> frames) {
    kernel.sleep(pid, std::move(frames));
    kernel.set_task(pid, "pi_blocked_on", record_of(pid));
    kernel.machine.set("rt_mutex_waiter", record_of(pid), "task", kernel.task(pid));
    kernel.machine.set("rt_mutex_waiter", record_of(pid), "lock", rt_mutex);
  }
  void on_stack_of(std::uint32_t pid, std::uint64_t word) {
    kernel.machine.memory.write_u64(FakeKernel::stack_of(pid) + 0x3f00, word);
  }
};

TEST_F(RtLocksTest, AMutexIsCalledOneAndNamesWhoWantsIt) {
  kernel.sleep(100, {"__schedule", "schedule", "does_something_else"});
  owned_by(kLock, 100);
  queued(101, kLock,
         {"__schedule", "schedule", "rt_mutex_slowlock_block.constprop.0", "__rt_mutex_slowlock.constprop.0",
          "mutex_lock", "wants_the_lock [driver]"});
  const model::Resource& found = waited_for_by(101);
  EXPECT_EQ(found.kind, ResourceKind::kMutex);
  EXPECT_EQ(found.address, kLock);
  EXPECT_EQ(holders_of(found), Nodes{task(100)});
  EXPECT_EQ(how_of(wait_of(101)), "sleeps in wants_the_lock [driver]");
}

TEST_F(RtLocksTest, ASpinlockThatOneSleepsForIsASpinlock) {
  kernel.sleep(100, {"__schedule", "schedule", "does_something_else"});
  owned_by(kLock, 100);
  queued(101, kLock, {"__schedule", "schedule_rtlock", "rtlock_slowlock_locked", "rt_spin_lock", "wants_the_lock"});
  kernel.set_task(101, "__state", 0x1000);
  EXPECT_EQ(the_task(101).state, model::TaskState::kUninterruptible);
  EXPECT_EQ(waited_for_by(101).kind, ResourceKind::kSpinlock);
  EXPECT_EQ(holders_of(waited_for_by(101)), Nodes{task(100)});
  EXPECT_EQ(how_of(wait_of(101)), "sleeps in wants_the_lock");
}

TEST_F(RtLocksTest, AnRtMutexAskedForAsSuchStaysOne) {
  kernel.sleep(100, {"__schedule", "schedule", "does_something_else"});
  owned_by(kLock, 100);
  queued(101, kLock, {"__schedule", "schedule", "rt_mutex_slowlock_block.constprop.0", "rt_mutex_lock", "boosts"});
  EXPECT_EQ(waited_for_by(101).kind, ResourceKind::kRtMutex);
  EXPECT_EQ(how_of(wait_of(101)), "sleeps in boosts");
}

TEST_F(RtLocksTest, WhoQueuesForAReadWriteSemaphoreWaitsForItsWriter) {
  kernel.sleep(100, {"__schedule", "schedule", "does_something_else"});
  kernel.machine.set("rw_semaphore", kLock, "rwbase.readers", kWriterBias);
  owned_by(kLock + 8, 100);
  queued(101, kLock + 8,
         {"__schedule", "schedule", "rt_mutex_slowlock_block.constprop.0", "__rwbase_read_lock", "down_read", "reads"});
  EXPECT_EQ(waited_for_by(101).kind, ResourceKind::kRwSemaphore);
  EXPECT_EQ(waited_for_by(101).address, kLock) << "the semaphore, not the rt_mutex in it";
  EXPECT_EQ(holders_of(waited_for_by(101)), Nodes{task(100)});
  EXPECT_EQ(role_of(waited_for_by(101)), HolderRole::kOwner);
  EXPECT_EQ(fact(waited_for_by(101), "writer_holds"), "true");
  EXPECT_EQ(how_of(wait_of(101)), "sleeps in reads");
}

TEST_F(RtLocksTest, AWriterThatOwnsTheRtMutexWaitsForReadersAndIsNoHolder) {
  kernel.sleep(100, {"__schedule", "schedule", "naps [driver]"});  // the reader
  on_stack_of(100, kLock);
  kernel.machine.set("rw_semaphore", kLock, "rwbase.readers", 1);
  owned_by(kLock + 8, 101);
  kernel.sleep(101, {"__schedule", "schedule", "rwbase_write_lock.constprop.0", "down_write", "writes [driver]"});
  on_stack_of(101, kLock);
  queued(102, kLock + 8, {"__schedule", "schedule", "rt_mutex_slowlock_block.constprop.0", "down_read", "reads"});
  for (const std::uint32_t pid : {101, 102}) EXPECT_EQ(waits_of(pid), Addresses{kLock}) << pid;
  const model::Resource& found = resource(kLock);
  EXPECT_EQ(fact(found, "readers"), "1");
  EXPECT_EQ(holders_of(found), Nodes{task(100)}) << "not the writer, who waits itself";
  EXPECT_EQ(role_of(found), HolderRole::kReader);
  EXPECT_EQ(found.holders.at(0).certainty, Certainty::kLikely);
  EXPECT_EQ(how_of(wait_of(101)), "sleeps exclusive in writes [driver]");
}

TEST_F(RtLocksTest, MoreWhoMayReadThanDoAreOnlyPossible) {
  for (const std::uint32_t pid : {100, 103}) {
    kernel.sleep(pid, {"__schedule", "schedule", "naps"});
    on_stack_of(pid, kLock);
  }
  kernel.machine.set("rw_semaphore", kLock, "rwbase.readers", 1);
  owned_by(kLock + 8, 101);
  kernel.sleep(101, {"__schedule", "schedule", "down_write", "writes"});
  on_stack_of(101, kLock + 8);
  const model::Resource& found = waited_for_by(101);
  ASSERT_EQ(found.holders.size(), 2u);
  for (const model::Holder& holder : found.holders) EXPECT_EQ(holder.certainty, Certainty::kPossible);
}

TEST_F(RtLocksTest, AWriterOfAnotherLockOrWithoutReadersWaitsForNothingHere) {
  kernel.machine.set("rw_semaphore", kLock, "rwbase.readers", kReaderBias);
  owned_by(kLock + 8, 101);
  kernel.machine.set("rw_semaphore", kOther, "rwbase.readers", 2);
  owned_by(kOther + 8, 102);
  kernel.sleep(102, {"__schedule", "schedule", "does_something_else"});
  kernel.sleep(101, {"__schedule", "schedule", "rwbase_write_lock.constprop.0", "down_write", "writes"});
  on_stack_of(101, kLock);
  kernel.machine.memory.write_u64(FakeKernel::stack_of(101) + 0x3f08, kOther);
  EXPECT_EQ(waits_of(101), Addresses{});
}

TEST_F(RtLocksTest, WhoAsksForWhatItHasIsFoundOutsideOfTheQueue) {
  owned_by(kLock, 101, 0);
  kernel.sleep(101, {"__schedule", "schedule", "rt_mutex_slowlock.constprop.0", "mutex_lock", "takes_twice [driver]"});
  on_stack_of(101, kLock);
  EXPECT_EQ(waited_for_by(101).kind, ResourceKind::kMutex);
  EXPECT_EQ(holders_of(waited_for_by(101)), Nodes{task(101)});
  EXPECT_EQ(how_of(wait_of(101)), "sleeps in takes_twice [driver]");
}

TEST_F(RtLocksTest, ATaskThatWasNeverWokenHasNoAge) {
  kernel.add_task(105, "forked");
  kernel.set_task(105, "__state", 0x800);
  EXPECT_EQ(the_task(105).state, model::TaskState::kRunning);
  EXPECT_EQ(the_task(105).last_arrival, std::nullopt) << "what is there is its parent's";
}

}  // namespace
}  // namespace whyhung::collect
