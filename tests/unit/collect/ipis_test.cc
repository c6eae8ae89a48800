// SPDX-License-Identifier: GPL-2.0-or-later
// CPUs that spin until another CPU has run a function for them: which request, and whether the other has begun.
#include "collect_test_support.h"

namespace whyhung::collect {
namespace {

constexpr std::uint64_t kSlots = 0x6000, kCallData = 0x5000;  // per-CPU addresses
constexpr std::uint64_t kLocked = 0x11, kDone = 0x10;         // CSD_FLAG_LOCK, CSD_TYPE_SYNC

// CPU 1 has sent something and spins.
class IpisTest : public CollectTest {
 protected:
  IpisTest() {
    kernel.machine.types.add(
        "__call_single_data 32: node.llist@0:8 node.u_flags@8:4 func@16:8\n"
        "call_function_data 24: csd@0:8");
    kernel.machine.symbols.add("cfd_data", kCallData, 24);
    for (std::uint32_t cpu = 0; cpu < 4; ++cpu) kernel.machine.memory.write_u64(kernel.percpu(cpu, "cfd_data"), kSlots);
    for (std::uint32_t cpu = 0; cpu < 4; ++cpu) kernel.machine.memory.touch(FakeKernel::area(cpu) + kSlots);
    kernel.add_task(100, "sender");
    kernel.run(1, 100, {"smp_call_function_many_cond", "on_each_cpu_cond_mask", "flush_tlb_mm_range"});
  }
  static std::uint64_t on_stack_of(std::uint32_t pid) { return FakeKernel::stack_of(pid) + 0x3f80; }
  // Where CPU `target` keeps what one CPU sends to many; each has one such place for all senders in this machine.
  static std::uint64_t slot(std::uint32_t target) { return FakeKernel::area(target) + kSlots; }
  void request(std::uint64_t at, std::uint64_t flags, std::uint64_t next = 0) {
    kernel.machine.set("__call_single_data", at, "node.llist", next);
    kernel.machine.set("__call_single_data", at, "node.u_flags", flags);
    kernel.machine.set("__call_single_data", at, "func", kernel.function("flush_tlb_func"));
  }
  void queue(std::uint32_t target, std::uint64_t request) {
    kernel.machine.memory.write_u64(kernel.percpu(target, "call_single_queue"), request);
  }
  Addresses cpu_waits(std::uint32_t number = 1) { return waits_of(model::cpu_node(number)); }
};

TEST_F(IpisTest, ARequestThatIsQueuedHasNotBegun) {
  request(on_stack_of(100), kLocked);
  queue(2, on_stack_of(100));
  EXPECT_EQ(cpu_waits(), Addresses{on_stack_of(100)});
  const model::Resource& found = resource(on_stack_of(100));
  EXPECT_EQ(found.kind, model::ResourceKind::kIpi);
  EXPECT_EQ(found.name, "flush_tlb_func");
  EXPECT_EQ(holders_of(found), Nodes{model::cpu_node(2)});
  EXPECT_EQ(role_of(found), model::HolderRole::kHasNotBegun);
  EXPECT_EQ(evidence(found.holders.at(0).evidence, "call_single_queue of CPU 2"), "");
  EXPECT_EQ(evidence(wait_of(model::cpu_node(1)).evidence, "smp_call_function_many_cond"), "");
}

TEST_F(IpisTest, OfManyThatWereAskedThoseWhoHaveNotAnsweredAreTheHolders) {
  request(slot(0), kDone);
  request(slot(2), kLocked);
  request(slot(3), kLocked);
  queue(2, slot(2));
  EXPECT_EQ(cpu_waits(), (Addresses{slot(2), slot(3)}));
  EXPECT_EQ(role_of(resource(slot(2))), model::HolderRole::kHasNotBegun);
  EXPECT_EQ(role_of(resource(slot(3))), model::HolderRole::kHasNotEnded);
  EXPECT_EQ(holders_of(resource(slot(3))), Nodes{model::cpu_node(3)});
}

TEST_F(IpisTest, ARequestThatIsDoneIsNotWaitedFor) {
  request(on_stack_of(100), kDone);
  queue(2, on_stack_of(100));
  EXPECT_EQ(cpu_waits(), Addresses{});
}

TEST_F(IpisTest, WhoDoesNotSpinWaitsForNoAnswer) {
  kernel.add_task(101, "other");
  request(on_stack_of(101), kLocked);
  queue(2, on_stack_of(101));
  kernel.run(3, 101, {"computes", "kthread"});
  EXPECT_EQ(cpu_waits(3), Addresses{});
  EXPECT_EQ(cpu_waits(), Addresses{}) << "the request of somebody else";
}

TEST_F(IpisTest, AQueueInACircleGivesWhatItHolds) {
  request(on_stack_of(100), kLocked, slot(2));
  request(slot(2), kDone, on_stack_of(100));
  queue(2, on_stack_of(100));
  EXPECT_EQ(cpu_waits(), Addresses{on_stack_of(100)});
}

TEST_F(IpisTest, WithoutTheTypeOfARequestItIsOnlyKnownThatItSpins) {
  request(on_stack_of(100), kLocked);
  queue(2, on_stack_of(100));
  kernel.machine.types.remove("__call_single_data");
  EXPECT_EQ(cpu_waits(), Addresses{});
  EXPECT_EQ(cpu(1).busy_wait, model::BusyWait::kIpi);
  EXPECT_EQ(cpu(2).function_call_pending, true);
}

}  // namespace
}  // namespace whyhung::collect
