// SPDX-License-Identifier: GPL-2.0-or-later
// Function calls between CPUs: the queue of the one, the places of the other.
#include "kernel/call_queue.h"

#include <gtest/gtest.h>

#include "support/fake_machine.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kOffsets = 0xffffffff82000000;
constexpr std::uint64_t kMask = 0xffffffff82002000;
constexpr std::uint64_t kQueue = 0x1000;     // per-CPU address of call_single_queue
constexpr std::uint64_t kCallData = 0x2000;  // of cfd_data
constexpr std::uint64_t kSlots = 0x3000;     // what cfd_data points to
constexpr std::uint64_t kOnStack = 0xffffc90000123000;
constexpr std::string_view kTypes =
    "__call_single_data 32: node.llist@0:8 node.u_flags@8:4 func@16:8 info@24:8\n"
    "call_function_data 24: csd@0:8";

class CallQueueTest : public testing::Test {
 protected:
  CallQueueTest() : machine_(kTypes) {
    machine_.symbols.add("__per_cpu_offset", kOffsets, 32)
        .add("call_single_queue", kQueue, 8)
        .add("cfd_data", kCallData, 24)
        .add("__cpu_possible_mask", kMask, 8);
    machine_.memory.write_u64(kMask, 0xf);
    for (std::uint64_t cpu = 0; cpu < 4; ++cpu) {
      machine_.memory.write_u64(kOffsets + 8 * cpu, area(cpu));
      machine_.memory.write_u64(area(cpu) + kQueue, 0);
      machine_.memory.write_u64(area(cpu) + kCallData, kSlots);
    }
  }
  static std::uint64_t area(std::uint64_t cpu) { return 0xffff888000000000 + 0x40000 * cpu; }
  void request(std::uint64_t at, std::uint64_t next, std::uint64_t flags, std::uint64_t function = 0xffffffff81001000) {
    machine_.set("__call_single_data", at, "node.llist", next);
    machine_.set("__call_single_data", at, "node.u_flags", flags);
    machine_.set("__call_single_data", at, "func", function);
  }
  CallQueueView bind() {
    Binder binder(machine_.types);
    return CallQueueView::bind(binder);
  }
  std::vector<std::uint64_t> queued(std::uint32_t cpu) {
    const auto percpu = PerCpu::open(machine_.access());
    std::vector<std::uint64_t> addresses;
    for (const CallRequest& one : bind().queued(machine_.access(), *percpu, cpu))
      addresses.push_back(one.address.value);
    return addresses;
  }
  test::FakeMachine machine_;
};

TEST_F(CallQueueTest, WhatIsLockedAndQueuedIsWaitedFor) {
  request(kOnStack, 0, 0x11);
  machine_.memory.write_u64(area(1) + kQueue, kOnStack);
  EXPECT_EQ(queued(1), std::vector<std::uint64_t>{kOnStack});
  EXPECT_TRUE(queued(0).empty());
}

TEST_F(CallQueueTest, WakeUpsAndInterruptWorkStandInTheSameQueueAndAreNoCalls) {
  request(kOnStack, kOnStack + 0x100, 0x31);
  request(kOnStack + 0x100, kOnStack + 0x200, 0x21);
  request(kOnStack + 0x200, 0, 0x01);
  machine_.memory.write_u64(area(1) + kQueue, kOnStack);
  EXPECT_EQ(queued(1), std::vector<std::uint64_t>{kOnStack + 0x200});
}

TEST_F(CallQueueTest, AnUnlockedRequestIsNobodys) {
  request(kOnStack, 0, 0x10);
  machine_.memory.write_u64(area(1) + kQueue, kOnStack);
  EXPECT_TRUE(queued(1).empty());
}

TEST_F(CallQueueTest, AQueueThatRunsInACircleEnds) {
  request(kOnStack, kOnStack + 0x100, 0x11);
  request(kOnStack + 0x100, kOnStack, 0x11);
  machine_.memory.write_u64(area(1) + kQueue, kOnStack);
  EXPECT_GE(queued(1).size(), 2u);
  EXPECT_LE(queued(1).size(), 16u);
}

TEST_F(CallQueueTest, ASenderHasAPlaceForEachTarget) {
  const auto percpu = PerCpu::open(machine_.access());
  const auto slot = bind().slot(machine_.access(), *percpu, 0, 2);
  ASSERT_TRUE(slot);
  EXPECT_EQ(slot->value, area(2) + kSlots);
  request(slot->value, 0, 0x11);
  EXPECT_TRUE(bind().locked_at(machine_.memory, *slot));
  request(slot->value, 0, 0);
  EXPECT_FALSE(bind().locked_at(machine_.memory, *slot));
}

TEST_F(CallQueueTest, OlderKernelsHaveListAndFlagsInTheRequestItself) {
  machine_.types.remove("__call_single_data").add("call_single_data 32: llist@0:8 func@8:8 info@16:8 flags@24:4");
  machine_.memory.write_u64(kOnStack, 0);
  machine_.memory.write_u64(kOnStack + 8, 0xffffffff81002000);
  machine_.memory.write_u32(kOnStack + 24, 1);
  machine_.memory.write_u64(area(1) + kQueue, kOnStack);
  EXPECT_EQ(queued(1), std::vector<std::uint64_t>{kOnStack});
}

TEST_F(CallQueueTest, WithoutTheTypeNothingIsSaid) {
  machine_.types.remove("__call_single_data");
  EXPECT_FALSE(bind().usable());
  machine_.memory.write_u64(area(1) + kQueue, kOnStack);
  EXPECT_TRUE(queued(1).empty());
}

}  // namespace
}  // namespace whyhung::kernel
