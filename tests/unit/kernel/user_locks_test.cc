// SPDX-License-Identifier: GPL-2.0-or-later
// Locks whose holders are in user space: file locks, futexes, rt_mutexes; each found, and not found where the records
// do not agree.
#include <gtest/gtest.h>

#include "kernel/file_lock.h"
#include "kernel/futex.h"
#include "kernel/rt_mutex.h"
#include "kernel/wait_queue.h"
#include "support/fake_machine.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kTask = 0xffff888000001000;
constexpr std::uint64_t kOwner = 0xffff888000002000;
constexpr std::uint64_t kStack = 0xffffc90000010000;
constexpr VirtualRange kStackRange{VirtualAddress(kStack), VirtualAddress(kStack + 0x1000)};
constexpr std::uint64_t kRequest = 0xffff888000010000;
constexpr std::uint64_t kOtherRequest = 0xffff888000010800;
constexpr std::uint64_t kLock = 0xffff888000011000;
constexpr std::uint64_t kFile = 0xffff888000012000;

bool is_task(VirtualAddress address) {
  return address.value == kTask || address.value == kOwner;
}

class QueueTest : public testing::Test {
 protected:
  QueueTest()
      : machine_(
            "wait_queue_entry 40: private@8:8 entry@24:16\n"
            "wait_queue_head 24: head@8:16\n"
            "wait_bit_queue_entry 64: wq_entry@24:40 key.flags@0:8 key.bit_nr@8:4\n") {
    machine_.memory.touch(kStack);
  }
  // An entry of the task on its stack, linked into the queue whose head is at `head`.
  void sleep_in(std::uint64_t head, std::uint64_t entry = kStack + 0x100) {
    machine_.memory.write_u64(entry + 8, kTask);
    machine_.link_list(head + 8, {entry + 24});
  }
  template <typename View>
  View bind() {
    Binder binder(machine_.types);
    return View::bind(binder);
  }
  std::optional<WaitedQueue> waited() {
    return bind<WaitQueueView>().waited_in(machine_.memory, VirtualAddress(kTask), kStackRange, is_task);
  }
  test::FakeMachine machine_;
};

TEST_F(QueueTest, TheHeadIsTheNodeThatIsNoTask) {
  sleep_in(kRequest);
  ASSERT_TRUE(waited());
  EXPECT_EQ(waited()->head.value, kRequest);
  EXPECT_EQ(waited()->entry.value, kStack + 0x100);
}

TEST_F(QueueTest, AnEntryThatNobodyLinksIsNotBelieved) {
  sleep_in(kRequest);
  machine_.link_list(kRequest + 8, {});
  EXPECT_FALSE(waited()) << "the task was woken, and its entry is only left over";
}

TEST_F(QueueTest, AnEntryThatAnEarlierWaitLeftDoesNotHideTheRealOne) {
  sleep_in(kRequest, kStack + 0x200);
  machine_.memory.write_u64(kStack + 0x100 + 8, kTask);
  machine_.link_list(kStack + 0x100 + 24, {});  // list_del_init() of the one before
  ASSERT_TRUE(waited());
  EXPECT_EQ(waited()->entry.value, kStack + 0x200);
}

TEST_F(QueueTest, OldKernelsHaveOtherNames) {
  machine_.types.remove("wait_queue_entry").remove("wait_queue_head");
  machine_.types.add("__wait_queue 40: private@8:8 task_list@24:16\n__wait_queue_head 24: task_list@8:16\n");
  sleep_in(kRequest);
  ASSERT_TRUE(waited());
  EXPECT_EQ(waited()->head.value, kRequest);
}

TEST_F(QueueTest, AWaitForABitNamesItsWord) {
  machine_.memory.write_u64(kStack + 0x100, kLock);
  machine_.memory.write_u32(kStack + 0x108, 6);
  sleep_in(kRequest, kStack + 0x118);
  const auto bit = bind<BitWaitView>().waited_for(machine_.memory, VirtualAddress(kTask), kStackRange);
  ASSERT_TRUE(bit);
  EXPECT_EQ(bit->word.value, kLock);
  EXPECT_EQ(bit->bit, 6u);
  machine_.memory.write_u64(kStack + 0x100, 0);
  EXPECT_FALSE(bind<BitWaitView>().waited_for(machine_.memory, VirtualAddress(kTask), kStackRange));
}

class FileLockTest : public testing::Test {
 protected:
  FileLockTest()
      : machine_(
            "file_lock 200: fl_blocker@0:8 fl_owner@72:8 fl_flags@80:4 fl_type@84:1 fl_pid@88:4 fl_wait@96:24 "
            "fl_file@120:8") {
    lock(kRequest, 0, 114);
    lock(kLock, 0, 100);
    machine_.memory.write_u64(kRequest, kLock);
  }
  void lock(std::uint64_t at, std::uint64_t blocker, std::uint32_t pid, std::uint32_t flags = 2) {
    machine_.memory.write_u64(at, blocker);
    machine_.memory.write_u64(at + 72, kFile);
    machine_.memory.write_u32(at + 80, flags);
    machine_.memory.write_u32(at + 84, 1);
    machine_.memory.write_u32(at + 88, pid);
    machine_.memory.write_u64(at + 120, kFile);
  }
  std::optional<FileLock> request() {
    Binder binder(machine_.types);
    view_ = FileLockView::bind(binder);
    return view_.request_with_queue(machine_.memory, VirtualAddress(kRequest + 96));
  }
  std::optional<FileLock> blocker() {
    const auto found = request();
    return found ? view_.blocker(machine_.memory, *found) : std::nullopt;
  }
  test::FakeMachine machine_;
  FileLockView view_;
};

TEST_F(FileLockTest, ARequestNamesTheLockInItsWay) {
  ASSERT_TRUE(blocker());
  EXPECT_EQ(blocker()->address.value, kLock);
  EXPECT_EQ(blocker()->pid, 100u);
  EXPECT_TRUE(blocker()->is_flock);
  EXPECT_FALSE(blocker()->is_shared);
  EXPECT_EQ(request()->pid, 114u);
}

TEST_F(FileLockTest, BehindOtherRequestsIsTheLockThatWasGranted) {
  lock(kOtherRequest, kLock, 115);
  machine_.memory.write_u64(kRequest, kOtherRequest);
  ASSERT_TRUE(blocker());
  EXPECT_EQ(blocker()->address.value, kLock);
}

TEST_F(FileLockTest, RequestsInACircleHaveNoBlocker) {
  lock(kOtherRequest, kRequest, 115);
  machine_.memory.write_u64(kRequest, kOtherRequest);
  EXPECT_FALSE(blocker());
}

TEST_F(FileLockTest, ARequestThatWasJustGrantedHasNoBlocker) {
  machine_.memory.write_u64(kRequest, 0);
  EXPECT_TRUE(request());
  EXPECT_FALSE(blocker());
}

TEST_F(FileLockTest, OtherMemoryIsNoRequest) {
  machine_.memory.write_u32(kRequest + 80, 3);
  EXPECT_FALSE(request()) << "both kinds of lock at once";
  machine_.memory.write_u32(kRequest + 80, 2);
  machine_.memory.write_u64(kRequest + 120, 0);
  EXPECT_FALSE(request()) << "a lock of no file";
}

TEST_F(FileLockTest, NewKernelsKeepItInACore) {
  machine_.types.remove("file_lock");
  machine_.types.add(
      "file_lock 200: c.flc_blocker@0:8 c.flc_owner@72:8 c.flc_flags@80:4 c.flc_type@84:1 c.flc_pid@88:4 "
      "c.flc_wait@96:24 c.flc_file@120:8");
  ASSERT_TRUE(blocker());
  EXPECT_EQ(blocker()->address.value, kLock);
}

TEST_F(FileLockTest, OldKernelsPointToTheGrantedLockAtOnce) {
  machine_.types.remove("file_lock", "fl_blocker").add("file_lock 200: fl_next@0:8");
  lock(kLock, kOtherRequest, 100);
  lock(kOtherRequest, 0, 99);
  ASSERT_TRUE(blocker());
  EXPECT_EQ(blocker()->address.value, kLock) << "what follows it is only the inode's next lock";
}

class RtMutexTest : public testing::Test {
 protected:
  RtMutexTest()
      : machine_(
            "task_struct 256: pi_blocked_on@64:8\nrt_mutex_waiter 80: task@48:8 lock@56:8\nrt_mutex_base 32: "
            "owner@24:8") {
    machine_.set("task_struct", kTask, "pi_blocked_on", kStack + 0x200);
    machine_.set("rt_mutex_waiter", kStack + 0x200, "task", kTask);
    machine_.set("rt_mutex_waiter", kStack + 0x200, "lock", kLock);
    machine_.set("rt_mutex_base", kLock, "owner", kOwner | 1);
  }
  std::optional<WaitedRtMutex> waited() {
    Binder binder(machine_.types);
    return RtMutexView::bind(binder).waited_for(machine_.memory, VirtualAddress(kTask));
  }
  test::FakeMachine machine_;
};

TEST_F(RtMutexTest, TheOwnerComesWithoutItsMark) {
  ASSERT_TRUE(waited());
  EXPECT_EQ(waited()->lock.value, kLock);
  EXPECT_EQ(waited()->owner.value, kOwner);
  EXPECT_EQ(waited()->raw_owner, kOwner | 1);
}

TEST_F(RtMutexTest, ARecordOfAnotherTaskIsNotBelieved) {
  machine_.set("rt_mutex_waiter", kStack + 0x200, "task", kOwner);
  EXPECT_FALSE(waited());
}

TEST_F(RtMutexTest, ATaskThatWaitsForNoneHasNone) {
  machine_.set("task_struct", kTask, "pi_blocked_on", 0);
  EXPECT_FALSE(waited());
}

constexpr std::uint64_t kRecord = kStack + 0x300;
constexpr std::uint64_t kBucket = 0xffff888000020000;

class FutexTest : public testing::Test {
 protected:
  FutexTest()
      : machine_(
            "futex_q 112: list.node_list@24:16 task@40:8 lock_ptr@48:8 key.both.ptr@56:8 key.both.word@64:8 "
            "key.both.offset@72:4\n"
            "hrtimer_sleeper 72: timer.function@40:8 timer.state@56:1 task@64:8") {
    machine_.memory.touch(kStack);
    machine_.set("futex_q", kRecord, "task", kTask);
    machine_.set("futex_q", kRecord, "lock_ptr", kBucket);
    machine_.set("futex_q", kRecord, "key.both.ptr", kOwner);
    machine_.set("futex_q", kRecord, "key.both.word", 0x4bc000);
    machine_.set("futex_q", kRecord, "key.both.offset", 0x348);
    machine_.link_list(kBucket + 8, {kRecord + 24});
    machine_.symbols.add("hrtimer_wakeup", 0xffffffff81001000, 0x40);
  }
  FutexView bind() {
    Binder binder(machine_.types);
    return FutexView::bind(binder);
  }
  std::optional<WaitedFutex> waited() { return bind().waited_for(machine_.memory, VirtualAddress(kTask), kStackRange); }
  void start_timer(std::uint64_t function, std::uint8_t state) {
    machine_.set("hrtimer_sleeper", kStack + 0x500, "task", kTask);
    machine_.set("hrtimer_sleeper", kStack + 0x500, "timer.function", function);
    machine_.set("hrtimer_sleeper", kStack + 0x500, "timer.state", state);
  }
  bool has_limit() { return bind().has_time_limit(machine_.access(), VirtualAddress(kTask), kStackRange); }
  test::FakeMachine machine_;
};

TEST_F(FutexTest, TheKeySaysWhere) {
  ASSERT_TRUE(waited());
  EXPECT_EQ(waited()->key.address(), 0x4bc348u);
  EXPECT_FALSE(waited()->key.is_in_file());
  machine_.set("futex_q", kRecord, "key.both.offset", 0x349);
  EXPECT_TRUE(waited()->key.is_in_file());
  EXPECT_EQ(waited()->key.page_offset(), 0x348u);
}

TEST_F(FutexTest, ARecordThatWasTakenOffIsNotBelieved) {
  machine_.set("futex_q", kRecord, "lock_ptr", 0);
  EXPECT_FALSE(waited());
}

TEST_F(FutexTest, ATimerThatRunsIsATimeLimit) {
  EXPECT_FALSE(has_limit());
  start_timer(0xffffffff81001000, 1);
  EXPECT_TRUE(has_limit());
  start_timer(0xffffffff81001000, 0);
  EXPECT_FALSE(has_limit()) << "not running";
  start_timer(0xffffffff81001010, 1);
  EXPECT_FALSE(has_limit()) << "not the function that wakes a sleeper";
}

class UserMutexTest : public testing::Test {
 protected:
  std::uint32_t owner_of(std::initializer_list<std::uint32_t> words) {
    test::PagedMemory memory;
    std::uint64_t at = 0x4bc348;
    for (const std::uint32_t word : words) {
      memory.write_u32(at, word);
      at += 4;
    }
    return read_user_mutex(memory, VirtualAddress(0x4bc348)).owner;
  }
};

TEST_F(UserMutexTest, AHeldAndWantedMutexNamesItsOwner) {
  EXPECT_EQ(owner_of({2, 0, 116, 1, 0}), 116u);
  EXPECT_EQ(owner_of({2, 0, 116, 1, 128}), 116u) << "shared between processes";
}

TEST_F(UserMutexTest, ARobustMutexHasItsOwnerInTheWordToo) {
  EXPECT_EQ(owner_of({0x80000000 | 116, 0, 116, 1, 16}), 116u);
  EXPECT_EQ(owner_of({0x80000000 | 116, 0, 117, 1, 16}), 0u);
}

TEST_F(UserMutexTest, OtherWordsAreNoMutex) {
  EXPECT_EQ(owner_of({1, 0, 116, 1, 0}), 0u) << "held, and nobody waits";
  EXPECT_EQ(owner_of({2, 0, 116, 0, 0}), 0u) << "no user";
  EXPECT_EQ(owner_of({2, 0, 116, 1, 0x10000}), 0u) << "no such kind";
  EXPECT_EQ(owner_of({0x80000010, 0, 7, 1, 0}), 0u) << "another C library's mark of a held lock";
}

TEST_F(UserMutexTest, MemoryThatIsNotThereNamesNobody) {
  const test::PagedMemory memory;
  EXPECT_EQ(read_user_mutex(memory, VirtualAddress(0x1000)).owner, 0u);
}

TEST(ThreadId, IsThatOfTheInnermostNamespace) {
  test::FakeMachine machine(
      "task_struct 256: thread_pid@72:8\npid 128: level@4:4 numbers@96:[2x16]\nupid 16: nr@0:4 ns@8:8");
  constexpr std::uint64_t kPid = 0xffff888000030000;
  machine.set("task_struct", kTask, "thread_pid", kPid);
  machine.set("pid", kPid, "level", 1);
  machine.set("upid", kPid + 96, "nr", 4711);
  machine.set("upid", kPid + 112, "nr", 7);
  machine.set("upid", kPid + 112, "ns", 0xffff888000031000);
  Binder binder(machine.types);
  const auto view = ThreadIdView::bind(binder);
  const auto id = view.of(machine.memory, VirtualAddress(kTask));
  ASSERT_TRUE(id);
  EXPECT_EQ(id->number, 7u);
  EXPECT_EQ(id->name_space.value, 0xffff888000031000u);
  machine.set("pid", kPid, "level", 1000000);
  EXPECT_FALSE(view.of(machine.memory, VirtualAddress(kTask))) << "deeper than any namespace";
}

}  // namespace
}  // namespace whyhung::kernel
