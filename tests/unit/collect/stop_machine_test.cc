// SPDX-License-Identifier: GPL-2.0-or-later
// stop_machine(): who asked, who takes part, who is missing; and works of single CPUs.
#include "collect_test_support.h"

namespace whyhung::collect {
namespace {

using model::Certainty;
using model::ResourceKind;
using Cpus = std::vector<std::uint32_t>;

// 11 to 14 are the stoppers of four CPUs; 100 and 101 ask for the machine to be stopped.
class StopMachineTest : public CollectTest {
 protected:
  StopMachineTest() {
    for (std::uint32_t number = 0; number < 4; ++number) kernel.add_stopper(number, stopper(number));
    asks(100, "stop_machine");
  }
  static std::uint32_t stopper(std::uint32_t number) { return 11 + number; }
  void asks(std::uint32_t pid, std::string_view function) {
    kernel.sleep(pid, {"__schedule", "schedule", "schedule_timeout", "wait_for_completion", "stop_cpus",
                       std::string(function).c_str(), "wants_silence"});
  }
  // The CPU's stopper runs multi_cpu_stop, with the request's address in a register.
  void takes_part(std::uint32_t number, std::uint64_t data) {
    FakeFrame spinning("multi_cpu_stop");
    spinning.registers.set(arch::x86::kRbx, data);
    kernel.run(number, stopper(number), {spinning, "cpu_stopper_thread", "smpboot_thread_fn", "kthread"});
    kernel.machine.set("cpu_stopper", kernel.percpu(number, "cpu_stopper"), "fn", kernel.function("multi_cpu_stop"));
  }
  const model::StopMachineRequest& request(std::uint64_t address) {
    const auto found = std::ranges::find(snapshot().stop_machine, address, &model::StopMachineRequest::address);
    if (found == snapshot().stop_machine.end()) throw std::runtime_error("the snapshot has no such request");
    return *found;
  }
  Nodes stoppers(const Cpus& numbers) {
    Nodes nodes;
    for (const std::uint32_t number : numbers) nodes.push_back(task(stopper(number)));
    return nodes;
  }
};

TEST_F(StopMachineTest, ThoseWhoseWorkIsQueuedAreMissingAndTheOthersTakePart) {
  const auto made = kernel.stop_machine(100, "change_clocksource", {2, 3}, 4);
  for (const std::uint32_t number : {0, 1}) takes_part(number, made.data);
  const model::StopMachineRequest& found = request(made.data);
  EXPECT_EQ(found.function, "change_clocksource");
  EXPECT_EQ(found.state, "MULTI_STOP_PREPARE");
  EXPECT_EQ(found.num_threads, 4u);
  EXPECT_EQ(found.thread_ack, 2u);
  EXPECT_EQ(found.requester, kernel.task(100));
  EXPECT_EQ(found.acknowledged_cpus, (Cpus{0, 1}));
  EXPECT_EQ(found.missing_cpus, (Cpus{2, 3}));
  const model::Resource& resource_of_it = resource(made.data);
  EXPECT_EQ(resource_of_it.kind, ResourceKind::kStopMachine);
  EXPECT_EQ(resource_of_it.name, "change_clocksource");
  EXPECT_EQ(holders_of(resource_of_it), stoppers({2, 3}));
  for (const model::Holder& holder : resource_of_it.holders) {
    EXPECT_EQ(holder.role, model::HolderRole::kMustTakePart);
    EXPECT_EQ(holder.certainty, Certainty::kCertain) << "queue and count agree";
  }
  EXPECT_EQ(evidence(resource_of_it.evidence, "multi_stop_data.thread_ack"), "2");
  EXPECT_EQ(evidence(resource_of_it.holders.at(0).evidence, "cpu_stopper.works of CPU 2"),
            fmt::format("cpu_stop_work{{fn=multi_cpu_stop, arg={:#x}}}", made.data));
}

TEST_F(StopMachineTest, TheRequesterAndThoseWhoSpinWaitForTheRequest) {
  const auto made = kernel.stop_machine(100, "change_clocksource", {2, 3}, 4);
  takes_part(0, made.data);
  EXPECT_EQ(waits_of(100), Addresses{made.data});
  EXPECT_EQ(how_of(wait_of(100)), "asked-for-stop");
  EXPECT_EQ(evidence(wait_of(100).evidence, "cpu_stop_done.nr_todo"), "4");
  EXPECT_EQ(evidence(wait_of(100).evidence, "stop_machine"), "stop_machine+0x10");
  EXPECT_EQ(waits_of(stopper(0)), Addresses{made.data});
  EXPECT_EQ(how_of(wait_of(stopper(0))), "spins-in-stop-machine");
  EXPECT_EQ(evidence(wait_of(stopper(0)).evidence, "cpu_stopper.fn of CPU 0"), "multi_cpu_stop");
  EXPECT_EQ(evidence(wait_of(stopper(0)).evidence, "multi_cpu_stop"), "on the stack of CPU 0");
  EXPECT_EQ(waits_of(stopper(2)), Addresses{}) << "it has not begun";
}

TEST_F(StopMachineTest, WhenCountAndQueuesDisagreeItIsOnlyLikely) {
  const auto made = kernel.stop_machine(100, "change_clocksource", {2, 3}, 4);
  kernel.machine.set("multi_stop_data", made.data, "thread_ack", 3);
  for (const model::Holder& holder : resource(made.data).holders) EXPECT_EQ(holder.certainty, Certainty::kLikely);
}

TEST_F(StopMachineTest, OldKernelsDoNotNoteWhatAStopperRunsButItsStackDoes) {
  const auto made = kernel.stop_machine(100, "change_clocksource", {3}, 4);
  takes_part(0, made.data);
  kernel.machine.types.remove("cpu_stopper", "fn");
  EXPECT_EQ(request(made.data).acknowledged_cpus, Cpus{0});
  EXPECT_EQ(evidence(wait_of(stopper(0)).evidence, "cpu_stopper.fn of CPU 0"), "absent");
}

TEST_F(StopMachineTest, AStopperThatDoesNotRunTakesNoPart) {
  const auto made = kernel.stop_machine(100, "change_clocksource", {3}, 4);
  takes_part(0, made.data);
  kernel.add_task(200, "hog");
  kernel.run(0, 200, {"spins [driver]", "kthread"});
  EXPECT_EQ(request(made.data).acknowledged_cpus, Cpus{}) << "cpu_stopper.fn alone is not enough";
}

TEST_F(StopMachineTest, ACpuThatIsOffTakesNoPartAndIsNotMissing) {
  const auto made = kernel.stop_machine(100, "take_cpu_down", {2}, 3);
  for (const std::uint32_t number : {0, 1}) takes_part(number, made.data);
  kernel.machine.memory.write_u64(kernel.machine.symbols.address_of("__cpu_online_mask")->value, 0b0111);
  kernel.machine.set("cpu_stopper", kernel.percpu(3, "cpu_stopper"), "enabled", 0);
  EXPECT_EQ(cpu(3).stopper->enabled, false);
  EXPECT_EQ(request(made.data).acknowledged_cpus, (Cpus{0, 1}));
  EXPECT_EQ(request(made.data).missing_cpus, Cpus{2});
}

TEST_F(StopMachineTest, WhenAllHaveBegunTheRequestIsFoundWhereItWasMade) {
  const auto made = kernel.stop_machine(100, "change_clocksource", {}, 4);
  kernel.machine.set("multi_stop_data", made.data, "state", 2);
  for (const std::uint32_t number : {0, 1, 2, 3}) takes_part(number, made.data);
  EXPECT_EQ(request(made.data).state, "MULTI_STOP_DISABLE_IRQ");
  EXPECT_EQ(request(made.data).requester, kernel.task(100));
  EXPECT_EQ(request(made.data).acknowledged_cpus, (Cpus{0, 1, 2, 3}));
  EXPECT_EQ(holders_of(resource(made.data)), Nodes{});
}

TEST_F(StopMachineTest, WhatLiesOnAnotherFunctionsStackIsNoRequest) {
  asks(100, "something_else");
  kernel.sleep(100, {"__schedule", "schedule", "something_else"});
  kernel.stop_machine(100, "change_clocksource", {}, 4);
  EXPECT_TRUE(snapshot().stop_machine.empty());
}

TEST_F(StopMachineTest, WordsThatNoRequestCanHaveAreNone) {
  const auto made = kernel.stop_machine(100, "change_clocksource", {3}, 4);
  kernel.machine.set("multi_stop_data", made.data, "num_threads", 9);
  EXPECT_TRUE(snapshot().stop_machine.empty()) << "there are four CPUs";
  EXPECT_EQ(waits_of(100), Addresses{made.done}) << "somebody's result is on its stack all the same";
  EXPECT_EQ(resource(made.done).kind, ResourceKind::kStopWork);
}

TEST_F(StopMachineTest, ARequestWhoseRequesterIsNotFoundIsStillARequest) {
  const auto made = kernel.stop_machine(100, "change_clocksource", {3}, 4);
  kernel.unlist(100);
  EXPECT_EQ(request(made.data).requester, 0u);
  EXPECT_EQ(request(made.data).missing_cpus, Cpus{3});
  EXPECT_EQ(holders_of(resource(made.data)), stoppers({3}));
}

TEST_F(StopMachineTest, TwoRequestsAtOnceHaveTheirOwnCpus) {
  asks(101, "stop_machine_cpuslocked");
  const auto one = kernel.stop_machine(100, "swap_tasks", {1}, 2), two = kernel.stop_machine(101, "flip", {3}, 2);
  takes_part(0, one.data);
  takes_part(2, two.data);
  EXPECT_EQ(request(one.data).acknowledged_cpus, Cpus{0});
  EXPECT_EQ(request(one.data).missing_cpus, Cpus{1});
  EXPECT_EQ(request(two.data).acknowledged_cpus, Cpus{2});
  EXPECT_EQ(request(two.data).missing_cpus, Cpus{3});
  EXPECT_EQ(waits_of(100), Addresses{one.data});
  EXPECT_EQ(waits_of(101), Addresses{two.data});
  EXPECT_EQ(waits_of(stopper(0)), Addresses{one.data});
  EXPECT_EQ(waits_of(stopper(2)), Addresses{two.data});
}

TEST_F(StopMachineTest, OfTwoRequestsACpuThatDoesNotSayWhichItRunsIsInNone) {
  asks(101, "stop_machine_cpuslocked");
  const auto one = kernel.stop_machine(100, "swap_tasks", {1}, 2), two = kernel.stop_machine(101, "flip", {3}, 2);
  takes_part(0, 0);
  EXPECT_EQ(request(one.data).acknowledged_cpus, Cpus{});
  EXPECT_EQ(request(two.data).acknowledged_cpus, Cpus{});
  EXPECT_EQ(waits_of(stopper(0)), Addresses{});
}

TEST_F(StopMachineTest, ARequestThatNobodyHasBegunHasNoCpus) {
  // 101 sleeps for stop_cpus_mutex, its request ready on its stack.
  asks(101, "stop_machine_cpuslocked");
  const auto one = kernel.stop_machine(100, "change_clocksource", {3}, 4),
             two = kernel.stop_machine(101, "flip", {}, 4);
  kernel.machine.set("multi_stop_data", two.data, "thread_ack", 4);
  for (const std::uint32_t number : {0, 1, 2}) takes_part(number, 0);
  EXPECT_EQ(request(one.data).acknowledged_cpus, (Cpus{0, 1, 2}));
  EXPECT_EQ(request(two.data).acknowledged_cpus, Cpus{});
  EXPECT_EQ(waits_of(stopper(0)), Addresses{one.data});
  EXPECT_EQ(waits_of(101), Addresses{two.data});
}

TEST_F(StopMachineTest, AQueueThatRunsInACircleIsSaidTo) {
  const auto made = kernel.stop_machine(100, "change_clocksource", {2, 3}, 4);
  const std::uint64_t works = kernel.percpu(2, "cpu_stopper") + 16;
  const std::uint64_t first = kernel.target.memory->read_u64(VirtualAddress(works)).value();
  kernel.machine.memory.write_u64(first, first);
  EXPECT_NE(gap("stopper work of CPU 2").find("circle"), std::string::npos);
  EXPECT_EQ(request(made.data).missing_cpus, (Cpus{2, 3})) << "what was reached counts";
}

TEST_F(StopMachineTest, OldKernelsKeepTheStoppersTaskInAVariable) {
  const auto made = kernel.stop_machine(100, "change_clocksource", {3}, 4);
  kernel.machine.types.remove("cpu_stopper", "thread");
  kernel.machine.symbols.add("cpu_stopper_task", 0x5000, 8);
  for (std::uint32_t number = 0; number < 4; ++number) {
    kernel.machine.memory.write_u64(kernel.percpu(number, "cpu_stopper_task"), kernel.task(stopper(number)));
  }
  EXPECT_EQ(holders_of(resource(made.data)), stoppers({3}));
}

TEST_F(StopMachineTest, WithoutTheTypeOfARequestTheQueuesAreStillRead) {
  kernel.stop_machine(100, "change_clocksource", {3}, 4);
  kernel.machine.types.remove("multi_stop_data");
  EXPECT_TRUE(snapshot().stop_machine.empty());
  EXPECT_NE(gap("multi_stop_data.fn"), "");
  ASSERT_EQ(cpu(3).stopper->pending.size(), 1u);
  EXPECT_EQ(cpu(3).stopper->pending.at(0).function, "multi_cpu_stop");
}

TEST_F(StopMachineTest, WorkForOneCpuIsWaitedForByWhoseStackItsResultIsOn) {
  kernel.sleep(102, {"__schedule", "schedule", "wait_for_completion", "stop_one_cpu", "sched_exec"});
  const std::uint64_t done = FakeKernel::stack_of(102) + 0x3f80;
  kernel.queue_work(1, "migration_cpu_stop", 0, done);
  kernel.queue_work(2, "active_load_balance_cpu_stop", 0, 0);
  EXPECT_EQ(waits_of(102), Addresses{done});
  EXPECT_EQ(how_of(wait_of(102)), "waits-for-stopper");
  EXPECT_EQ(resource(done).kind, ResourceKind::kStopWork);
  EXPECT_EQ(resource(done).name, "migration_cpu_stop");
  EXPECT_EQ(holders_of(resource(done)), stoppers({1}));
  EXPECT_EQ(role_of(resource(done)), model::HolderRole::kMustRun);
  EXPECT_EQ(snapshot().resources.size(), 1u) << "nobody waits for the other";
}

}  // namespace
}  // namespace whyhung::collect
