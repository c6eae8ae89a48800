// SPDX-License-Identifier: GPL-2.0-or-later
// Which spinlocks a function holds when it stands at one of its instructions, read from machine code; and who holds
// the locks that CPUs spin for, as far as that tells.
#include "collect/waits/taken_locks.h"

#include "collect_test_support.h"

namespace whyhung::collect {
namespace {

namespace x86 = arch::x86;

class TakenLocksTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kAt = 0xffffffff81000000, kLock = kAt + 0x4d, kUnlock = kAt + 0x4e;

  explicit TakenLocksTest() {
    //  0: push %rbx; push %r12; mov %rdi,%r12
    //  6: mov $0xffffffffc0203000,%rdi; call lock; test %eax,%eax; je 24
    // 16: mov $0xffffffffc0203000,%rdi; call unlock; 22: jmp 30
    // 24: mov $0xffffffffc0203040,%rdi; call lock
    // 30: lea 0x40(%r12),%rdi; call lock
    // 3a: mov $0xffffffffc0203080,%rdi; call lock
    // 46: movb $0,(%rdi); 49: pop %r12; pop %rbx; ret
    constexpr auto kCode = std::to_array<std::uint8_t>(
        {0x53, 0x41, 0x54, 0x49, 0x89, 0xfc, 0x48, 0xc7, 0xc7, 0x00, 0x30, 0x20, 0xc0, 0xe8, 0x3b, 0x00,
         0x00, 0x00, 0x85, 0xc0, 0x74, 0x0e, 0x48, 0xc7, 0xc7, 0x00, 0x30, 0x20, 0xc0, 0xe8, 0x2c, 0x00,
         0x00, 0x00, 0xeb, 0x0c, 0x48, 0xc7, 0xc7, 0x40, 0x30, 0x20, 0xc0, 0xe8, 0x1d, 0x00, 0x00, 0x00,
         0x49, 0x8d, 0x7c, 0x24, 0x40, 0xe8, 0x13, 0x00, 0x00, 0x00, 0x48, 0xc7, 0xc7, 0x80, 0x30, 0x20,
         0xc0, 0xe8, 0x07, 0x00, 0x00, 0x00, 0xc6, 0x07, 0x00, 0x41, 0x5c, 0x5b, 0xc3});
    for (std::size_t i = 0; i < kCode.size(); ++i) memory.write_integer<std::uint8_t>(kAt + i, kCode[i]);
    const auto disassembler = arch::Disassembler::create(arch::kX86_64);
    graph = decode_function(**disassembler, memory, VirtualAddress(kAt), kCode.size());
    code = *lock_code(arch::kX86_64);
    code.call = [](VirtualAddress target) {
      if (target.value == kUnlock) return LockCall::kGivesBack;
      return target.value == kLock ? LockCall::kTakes : LockCall::kNone;
    };
  }

  // The calls with which locks were taken that are held so many bytes into the function.
  std::vector<std::uint64_t> held_at(std::uint64_t offset) {
    std::vector<std::uint64_t> calls;
    for (const TakenLock& one : taken_on_the_way(graph, graph.index_of(VirtualAddress(kAt + offset)).value(), code))
      calls.push_back(one.call.value - kAt);
    return calls;
  }

  using Calls = std::vector<std::uint64_t>;
  test::PagedMemory memory;
  FlowGraph graph;
  LockCode code;
};

TEST_F(TakenLocksTest, WhatWasTakenBeforeIsHeld) {
  EXPECT_EQ(held_at(0x6), Calls{});
  EXPECT_EQ(held_at(0x16), Calls{0xd});
  EXPECT_EQ(held_at(0x41), (Calls{0xd, 0x2b, 0x35})) << "on one way or another";
}

TEST_F(TakenLocksTest, WhatWasGivenBackOnTheWayIsNotHeld) {
  EXPECT_EQ(held_at(0x22), Calls{});
}

TEST_F(TakenLocksTest, TheLockIsNamedByTheCodeOrLiesBehindAnAddressFromElsewhere) {
  const auto taken = taken_on_the_way(graph, graph.index_of(VirtualAddress(kAt + 0x41)).value(), code);
  ASSERT_EQ(taken.size(), 3u);
  EXPECT_EQ(taken[0].lock, VirtualAddress(0xffffffffc0203000));
  EXPECT_EQ(taken[2].lock, std::nullopt);
  EXPECT_EQ(taken[2].displacement, 0x40);
}

TEST_F(TakenLocksTest, AClearedByteGivesBackWhatWasTakenLast) {
  EXPECT_EQ(held_at(0x49), (Calls{0xd, 0x2b})) << "that of the object, behind whose address nobody knows";
}

TEST_F(TakenLocksTest, AnInstructionThatIsNoneHoldsNothing) {
  EXPECT_TRUE(taken_on_the_way(graph, 1000, code).empty());
  EXPECT_TRUE(taken_on_the_way(FlowGraph(), 0, code).empty());
}

class SpinlockHoldersTest : public CollectTest {
 protected:
  static constexpr std::uint64_t kAlpha = 0xffffffff87000040, kBeta = 0xffffffff87000080;

  SpinlockHoldersTest() {
    kernel.name_variable("alpha_lock [driver]", kAlpha, 4);
    kernel.name_variable("beta_lock [driver]", kBeta, 4);
    kernel.machine.memory.write_u32(kAlpha, 1);
    kernel.machine.memory.write_u32(kBeta, 1);
    kernel.add_task(100, "first");
    kernel.add_task(101, "second");
    for (std::uint32_t number = 0; number < 4; ++number)
      kernel.machine.memory.write_u32(kernel.percpu(number, "__preempt_count"), 0x80000000);
  }
  // A function that takes one lock, and then another.
  void takes_both(const char* name, std::uint64_t first, std::uint64_t second) {
    std::vector<unsigned> bytes;
    for (const std::uint64_t lock : {first, second}) {
      bytes.insert(bytes.end(), {0x48, 0xc7, 0xc7});
      for (unsigned i = 0; i < 4; ++i) bytes.push_back(lock >> 8 * i & 0xff);
      bytes.push_back(0xe8);
      const std::uint64_t next = kernel.function(name) + bytes.size() + 4;
      for (unsigned i = 0; i < 4; ++i) bytes.push_back((kernel.function("_raw_spin_lock") - next) >> 8 * i & 0xff);
    }
    bytes.push_back(0xc3);
    std::uint64_t at = kernel.function(name);
    for (const unsigned one : bytes)
      kernel.machine.memory.write_integer<std::uint8_t>(at++, static_cast<std::uint8_t>(one));
  }
  // A CPU that spins for the lock in the call that ends `offset` bytes into the function.
  void spins(std::uint32_t number, std::uint32_t pid, std::uint64_t lock, const char* function, std::uint64_t offset) {
    FakeFrame spinning("native_queued_spin_lock_slowpath"), caller(function);
    spinning.registers.set(x86::kRdi, lock);
    spinning.registers.set(x86::kRbx, lock);
    caller.offset = offset;
    kernel.run(number, pid, {spinning, "_raw_spin_lock", caller, "kthread"});
  }
};

TEST_F(SpinlockHoldersTest, EachHoldsWhatItsCodeHasTaken) {
  takes_both("one_way [driver]", kAlpha, kBeta);
  takes_both("other_way [driver]", kBeta, kAlpha);
  spins(1, 100, kBeta, "one_way [driver]", 24);
  spins(2, 101, kAlpha, "other_way [driver]", 24);
  EXPECT_EQ(holders_of(resource(kAlpha)), Nodes{model::cpu_node(1)});
  EXPECT_EQ(holders_of(resource(kBeta)), Nodes{model::cpu_node(2)});
  EXPECT_EQ(resource(kBeta).holders.front().certainty, model::Certainty::kLikely);
}

TEST_F(SpinlockHoldersTest, WhoSpinsForItsFirstLockHoldsNone) {
  takes_both("one_way [driver]", kAlpha, kBeta);
  takes_both("other_way [driver]", kBeta, kAlpha);
  spins(1, 100, kBeta, "one_way [driver]", 24);
  spins(2, 101, kAlpha, "other_way [driver]", 12);
  EXPECT_EQ(holders_of(resource(kBeta)), Nodes{}) << "another one left it locked";
}

TEST_F(SpinlockHoldersTest, WhoTakesALockTwiceHoldsIt) {
  takes_both("twice [driver]", kAlpha, kAlpha);
  spins(1, 100, kAlpha, "twice [driver]", 24);
  EXPECT_EQ(holders_of(resource(kAlpha)), Nodes{model::cpu_node(1)});
}

TEST_F(SpinlockHoldersTest, WhoCountsNoLockBesidesHoldsNone) {
  for (std::uint32_t number = 0; number < 4; ++number)
    kernel.machine.memory.write_u32(kernel.percpu(number, "__preempt_count"), 0x80000001);
  takes_both("twice [driver]", kAlpha, kAlpha);
  spins(1, 100, kAlpha, "twice [driver]", 24);
  EXPECT_EQ(holders_of(resource(kAlpha)), Nodes{});
}

}  // namespace
}  // namespace whyhung::collect
