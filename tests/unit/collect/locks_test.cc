// SPDX-License-Identifier: GPL-2.0-or-later
// Locks that one sleeps for: who waits, which lock it is, who holds it; and what must not be taken for a wait.
#include "collect_test_support.h"

namespace whyhung::collect {
namespace {

using model::Certainty;
using model::ResourceKind;
using test::FakeLock;

class LocksTest : public CollectTest {
 protected:
  LocksTest() { kernel.sleep(100, {"__schedule", "schedule", "does_something_else"}); }
  test::FakeLocks locks{kernel};
};

TEST_F(LocksTest, AMutexNamesItsOwnerAndAllWhoWait) {
  const FakeLock& lock = locks.mutex("alpha_lock [alpha]").held_by(100).waited_for_by({101, 102});
  const model::Resource& found = resource(lock.address());
  EXPECT_EQ(found.kind, ResourceKind::kMutex);
  EXPECT_EQ(found.name, "alpha_lock [alpha]");
  EXPECT_EQ(holders_of(found), Nodes{task(100)});
  EXPECT_EQ(role_of(found), model::HolderRole::kOwner);
  EXPECT_EQ(found.holders.at(0).certainty, Certainty::kCertain);
  EXPECT_EQ(evidence(found.holders.at(0).evidence, "mutex.owner"), fmt::format("{:#x}", kernel.task(100)));
  EXPECT_EQ(fact(found, "waiters"), "2");
  for (const std::uint32_t pid : {101, 102}) {
    EXPECT_EQ(waits_of(pid), Addresses{lock.address()}) << pid;
    EXPECT_EQ(how_of(wait_of(pid)), "sleeps in wants_the_lock");
    EXPECT_EQ(wait_of(pid).since, FakeKernel::kNow - 1'000'000'000);
    EXPECT_EQ(evidence(wait_of(pid).evidence, "__mutex_lock.constprop.0"), "");
    EXPECT_EQ(wait_of(pid).evidence.back().address, FakeLock::record_of(pid));
  }
  EXPECT_EQ(waits_of(100), Addresses{}) << "the owner does not sleep for it";
  EXPECT_EQ(snapshot().resources.size(), 1u) << "two waiters of one lock";
}

TEST_F(LocksTest, FlagsInAnOwnersWordAreNotPartOfTheAddress) {
  const auto& waiters = locks.mutex().held_by(100, 1).waited_for_by({101});
  const auto& handed_over = locks.mutex().held_by(100, 4 | 2).waited_for_by({102});
  const auto& free = locks.mutex().owner_word(1).waited_for_by({103});
  EXPECT_EQ(holders_of(resource(waiters.address())), Nodes{task(100)});
  EXPECT_EQ(role_of(resource(waiters.address())), model::HolderRole::kOwner);
  EXPECT_EQ(holders_of(resource(handed_over.address())), Nodes{task(100)});
  EXPECT_EQ(role_of(resource(handed_over.address())), model::HolderRole::kHandedOver);
  EXPECT_EQ(holders_of(resource(free.address())), Nodes{});
  EXPECT_EQ(fact(resource(free.address()), "has_no_owner"), "true");
  EXPECT_EQ(evidence(resource(free.address()).evidence, "mutex.owner"), "0x1");
  EXPECT_EQ(resource(free.address()).name, "") << "no symbol is there";
}

TEST_F(LocksTest, TwoLocksAreNotMixedUp) {
  const auto& one = locks.mutex("one").held_by(101).waited_for_by({102});
  const auto& two = locks.mutex("two").held_by(102).waited_for_by({101});
  EXPECT_EQ(waits_of(101), Addresses{two.address()});
  EXPECT_EQ(waits_of(102), Addresses{one.address()});
  EXPECT_EQ(holders_of(resource(one.address())), Nodes{task(101)});
  EXPECT_EQ(holders_of(resource(two.address())), Nodes{task(102)});
}

TEST_F(LocksTest, ARecordThatIsInNoQueueIsNoWait) {
  locks.mutex("left").held_by(100).only_called_by(101);
  const auto& real = locks.mutex("real").held_by(100).waited_for_by({102});
  EXPECT_EQ(waits_of(101), Addresses{});
  EXPECT_EQ(waits_of(102), Addresses{real.address()});
  EXPECT_EQ(snapshot().resources.size(), 1u);
}

TEST_F(LocksTest, ARecordThatItsQueueDoesNotLinkIsNoWait) {
  const auto& lock = locks.mutex("alpha").held_by(100).waited_for_by({101, 102}).only_called_by(103);
  // It still points into the queue that it was in, between the last waiter and the head.
  const std::uint64_t left = FakeLock::record_of(103);
  kernel.machine.memory.write_u64(left, kernel.machine.address_of("mutex", lock.address(), "wait_list"));
  kernel.machine.memory.write_u64(left + 8, FakeLock::record_of(102));
  EXPECT_EQ(waits_of(103), Addresses{});
  EXPECT_EQ(waits_of(102), Addresses{lock.address()});
  EXPECT_EQ(fact(resource(lock.address()), "waiters"), "2");
}

TEST_F(LocksTest, ARecordThatIsLinkedNoMoreDoesNotHideTheRealOne) {
  const auto& lock = locks.mutex("alpha").held_by(100).waited_for_by({101});
  const std::uint64_t left = FakeLock::record_of(101) - 0x40;
  kernel.machine.set("mutex_waiter", left, "task", kernel.task(101));
  for (const std::uint64_t link : {0, 8}) kernel.machine.memory.write_u64(left + link, FakeLock::record_of(101));
  EXPECT_EQ(waits_of(101), Addresses{lock.address()});
}

TEST_F(LocksTest, ATaskThatDoesNotSleepWaitsForNothing) {
  locks.mutex("alpha").held_by(100).waited_for_by({101, 102});
  kernel.set_task(101, "__state", 0);
  EXPECT_EQ(waits_of(101), Addresses{}) << "it is runnable: it was woken, or still spins";
  EXPECT_EQ(waits_of(102).size(), 1u);
}

TEST_F(LocksTest, AModulesFunctionOfTheSameNameIsNotTheKernels) {
  locks.mutex("alpha").held_by(100).waited_for_by({101});
  kernel.sleep(101, {"__schedule", "schedule", "mutex_lock [impostor]"});
  EXPECT_EQ(waits_of(101), Addresses{});
}

TEST_F(LocksTest, AnOwnerThatIsNoTaskAnyMoreIsSaidToHaveBeenOne) {
  const std::uint64_t gone = kernel.add_task(200, "gone");
  kernel.set_task(200, "exit_state", 0x10);
  kernel.set_task(200, "flags", 0x4);
  kernel.set_task(200, "start_time", 5'000'000'000);
  kernel.unlist(200);
  const auto& dead = locks.mutex("dead").held_by(200).waited_for_by({101});
  const auto& reused = locks.mutex("reused").owner_word(0xffff888900000040).waited_for_by({102});
  kernel.machine.memory.touch(0xffff888900000040);
  const auto& lost = locks.mutex("lost").owner_word(0xffff88ff00000040).waited_for_by({103});
  EXPECT_EQ(holders_of(resource(dead.address())), Nodes{model::task_node(gone)});
  EXPECT_EQ(fact(resource(dead.address()), "former.pid"), "200");
  EXPECT_EQ(fact(resource(dead.address()), "former.comm"), "gone");
  EXPECT_EQ(fact(resource(dead.address()), "former.start_time"), "5000000000");
  EXPECT_EQ(evidence(resource(dead.address()).evidence, "task_struct.exit_state"), "0x10");
  EXPECT_EQ(fact(resource(reused.address()), "former.pid"), "") << "memory that was used again tells nothing";
  EXPECT_EQ(holders_of(resource(lost.address())), Nodes{model::task_node(0xffff88ff00000040)});
  EXPECT_EQ(fact(resource(lost.address()), "former.pid"), "") << "memory that is not in the dump tells nothing";
}

TEST_F(LocksTest, AQueueThatRunsInACircleBesideItsLockIsNoQueue) {
  const auto& lock = locks.mutex("alpha").held_by(100).waited_for_by({101, 102, 103});
  // 101's way leads into the circle of the other two and never back.
  kernel.machine.memory.write_u64(FakeLock::record_of(103), FakeLock::record_of(102));
  EXPECT_EQ(waits_of(101), Addresses{});
  EXPECT_EQ(waits_of(102), Addresses{}) << "a ring of records without a lock in it";
  EXPECT_EQ(snapshot().find_resource(lock.address()), nullptr);
}

TEST_F(LocksTest, AQueueThatLeadsOutOfMemoryIsNoQueue) {
  const auto& lock = locks.mutex("alpha").held_by(100).waited_for_by({101, 102, 103});
  kernel.machine.memory.take_away(FakeLock::record_of(103));
  EXPECT_EQ(waits_of(101), Addresses{});
  EXPECT_EQ(snapshot().find_resource(lock.address()), nullptr);
}

TEST_F(LocksTest, ANodeOfTheQueueThatIsNeitherRecordNorLockMakesItNoQueue) {
  locks.mutex("alpha").held_by(100).waited_for_by({101, 102});
  // The second record names a task whose stack it does not lie on.
  kernel.machine.set("mutex_waiter", FakeLock::record_of(102), "task", kernel.task(100));
  EXPECT_EQ(waits_of(101), Addresses{});
}

TEST_F(LocksTest, AWriterOfARwSemaphoreIsItsOwner) {
  const auto& lock = locks.rw_semaphore("sem").held_by(100).waited_for_by({101}).waited_for_reading_by({102});
  const model::Resource& found = resource(lock.address());
  EXPECT_EQ(found.kind, ResourceKind::kRwSemaphore);
  EXPECT_EQ(holders_of(found), Nodes{task(100)});
  EXPECT_EQ(role_of(found), model::HolderRole::kOwner);
  EXPECT_EQ(found.holders.at(0).certainty, Certainty::kCertain);
  EXPECT_EQ(fact(found, "writer_holds"), "true");
  EXPECT_EQ(fact(found, "readers"), "0");
  EXPECT_EQ(fact(found, "waiters"), "2");
  EXPECT_EQ(evidence(found.evidence, "rw_semaphore.count"), "0x1");
  EXPECT_EQ(how_of(wait_of(101)), "sleeps exclusive in wants_the_lock");
  EXPECT_EQ(how_of(wait_of(102)), "sleeps shared in wants_the_lock");
}

TEST_F(LocksTest, TheLastReaderIsOnlyAHint) {
  const auto& one = locks.rw_semaphore("one").read_by(100).waited_for_by({101});
  const auto& some = locks.rw_semaphore("some").read_by(100, 3).waited_for_by({102});
  const auto& none = locks.rw_semaphore("none").read_by(100, 0).waited_for_by({103});
  EXPECT_EQ(role_of(resource(one.address())), model::HolderRole::kReader);
  EXPECT_EQ(resource(one.address()).holders.at(0).certainty, Certainty::kLikely);
  EXPECT_EQ(fact(resource(one.address()), "readers"), "1");
  EXPECT_EQ(fact(resource(one.address()), "writer_holds"), "false");
  EXPECT_EQ(role_of(resource(some.address())), model::HolderRole::kReader);
  EXPECT_EQ(resource(some.address()).holders.at(0).certainty, Certainty::kPossible);
  EXPECT_EQ(holders_of(resource(none.address())), Nodes{}) << "the last reader has left";
}

TEST_F(LocksTest, WithoutACountAReaderIsNotBelieved) {
  kernel.machine.types.remove("rw_semaphore", "count");
  auto& lock = locks.rw_semaphore("sem").owner_word(kernel.task(100) | 1).waited_for_by({101});
  EXPECT_EQ(waits_of(101), Addresses{lock.address()});
  EXPECT_EQ(holders_of(resource(lock.address())), Nodes{});
  EXPECT_EQ(fact(resource(lock.address()), "readers"), "");
}

TEST_F(LocksTest, ASemaphoreKnowsNoHolderUnlessTheKernelNotesTheLast) {
  const auto& lock = locks.semaphore("sem").count(0).waited_for_by({101});
  const model::Resource& found = resource(lock.address());
  EXPECT_EQ(found.kind, ResourceKind::kSemaphore);
  EXPECT_EQ(holders_of(found), Nodes{});
  EXPECT_EQ(fact(found, "count"), "0");
  EXPECT_EQ(fact(found, "has_no_owner"), "") << "nothing is said of an owner that nobody records";
  EXPECT_EQ(how_of(wait_of(101)), "sleeps in wants_the_lock");
}

TEST_F(LocksTest, ASemaphoreWithSlotsToSpareHasNoHolder) {
  kernel.machine.types.add("semaphore 32: last_holder@24:8");
  const auto& lock = locks.semaphore("sem").owner_word(kernel.task(100)).count(1).waited_for_by({101});
  EXPECT_EQ(holders_of(resource(lock.address())), Nodes{});
  EXPECT_EQ(fact(resource(lock.address()), "count"), "1");
}

TEST_F(LocksTest, TheLastHolderOfASemaphoreIsLikelyTheOne) {
  kernel.machine.types.add("semaphore 32: last_holder@24:8");
  const auto& lock = locks.semaphore("sem").owner_word(kernel.task(100)).waited_for_by({101});
  EXPECT_EQ(holders_of(resource(lock.address())), Nodes{task(100)});
  EXPECT_EQ(role_of(resource(lock.address())), model::HolderRole::kLastHolder);
  EXPECT_EQ(resource(lock.address()).holders.at(0).certainty, Certainty::kLikely);
  EXPECT_EQ(evidence(resource(lock.address()).evidence, "semaphore.last_holder"),
            fmt::format("{:#x}", kernel.task(100)));
}

TEST_F(LocksTest, AQueueWithoutAHeadLeadsToTheLockThatTheTaskNoted) {
  locks.drop_heads();
  kernel.machine.types.add("task_struct 1024: blocked_on@208:8");
  const auto& lock = locks.mutex("alpha").held_by(100).waited_for_by({101, 102});
  kernel.set_task(101, "blocked_on", lock.address());
  kernel.set_task(102, "blocked_on", lock.address());
  EXPECT_EQ(waits_of(101), Addresses{lock.address()});
  EXPECT_EQ(waits_of(102), Addresses{lock.address()});
  EXPECT_EQ(holders_of(resource(lock.address())), Nodes{task(100)});
  EXPECT_EQ(fact(resource(lock.address()), "waiters"), "2");
}

TEST_F(LocksTest, TheNotedBlockerIsBelievedOnlyWhenItsQueueLeadsBack) {
  locks.drop_heads();
  kernel.machine.types.add("task_struct 1024: blocker@208:8");
  const auto& other = locks.rw_semaphore("other").held_by(100).waited_for_by({103});
  const auto& lock = locks.rw_semaphore("sem").held_by(100).waited_for_by({101});
  const auto& wrong = locks.rw_semaphore("wrong").held_by(100).waited_for_by({102});
  kernel.set_task(101, "blocker", lock.address() | 3);
  kernel.set_task(102, "blocker", other.address() | 3);
  EXPECT_EQ(waits_of(101), Addresses{lock.address()});
  EXPECT_EQ(waits_of(102), Addresses{});
  EXPECT_EQ(snapshot().find_resource(wrong.address()), nullptr);
}

TEST_F(LocksTest, AQueueWithoutAHeadLeadsToALockWhoseAddressIsInTheFrames) {
  locks.drop_heads();
  const auto& lock = locks.mutex("alpha").held_by(100).waited_for_by({101});
  const auto& other = locks.mutex("other").held_by(100).waited_for_by({102});
  kernel.machine.memory.write_u64(FakeLock::record_of(101) - 0x18, other.address());
  kernel.machine.memory.write_u64(FakeLock::record_of(101) - 0x10, lock.address());
  EXPECT_EQ(waits_of(101), Addresses{lock.address()});
  EXPECT_EQ(waits_of(102), Addresses{}) << "nothing says where its lock is";
}

TEST_F(LocksTest, EachMissingMemberTakesAwayOnlyItsOwnFact) {
  locks.mutex("alpha").held_by(100).waited_for_by({101});
  const auto& sem = locks.rw_semaphore("sem").held_by(100).waited_for_by({102});
  kernel.machine.types.remove("mutex", "owner").remove("rwsem_waiter", "type");
  EXPECT_EQ(waits_of(101).size(), 1u);
  EXPECT_EQ(holders_of(waited_for_by(101)), Nodes{});
  EXPECT_EQ(fact(waited_for_by(101), "has_no_owner"), "") << "not known is not none";
  EXPECT_EQ(holders_of(resource(sem.address())), Nodes{task(100)});
  EXPECT_EQ(how_of(wait_of(102)), "sleeps in wants_the_lock");
}

TEST_F(LocksTest, WithoutTheTypeOfARecordThatKindOfWaitIsNotFound) {
  locks.mutex("alpha").held_by(100).waited_for_by({101});
  const auto& sem = locks.rw_semaphore("sem").held_by(100).waited_for_by({102});
  kernel.machine.types.remove("mutex_waiter");
  EXPECT_EQ(waits_of(101), Addresses{});
  EXPECT_EQ(waits_of(102), Addresses{sem.address()});
}

}  // namespace
}  // namespace whyhung::collect
