// SPDX-License-Identifier: GPL-2.0-or-later
// Stopper queues and stop_machine requests, whole and damaged.
#include "kernel/cpu_stopper.h"

#include <gtest/gtest.h>

#include "support/fake_machine.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kArea = 0xffff888000000000;  // per-CPU area of CPU 0
constexpr std::uint64_t kStopper = 0x1000;           // per-CPU address
constexpr std::uint64_t kWork = 0xffffc90000001000;
constexpr std::uint64_t kData = 0xffffc90000002000;
constexpr std::uint64_t kFunction = 0xffffffff81001000;

class StopperTest : public testing::Test {
 protected:
  StopperTest()
      : machine_(
            "cpu_stopper 128: thread@0:8 lock@8:4 enabled@12:1 works@16:16 fn@80:8 caller@72:8\n"
            "cpu_stop_work 40: list@0:16 fn@16:8 arg@24:8 done@32:8\n"
            "cpu_stop_done 40: nr_todo@0:4 completion@8:32\n"
            "multi_stop_data 40: fn@0:8 data@8:8 num_threads@16:4 active_cpus@24:8 state@32:4 thread_ack@36:4\n"
            "enum MULTI_STOP_NONE=0 MULTI_STOP_PREPARE=1 MULTI_STOP_DISABLE_IRQ=2 MULTI_STOP_RUN=3 MULTI_STOP_EXIT=4") {
    machine_.symbols.add("cpu_stopper", kStopper, 128).add("take_cpu_down", kFunction, 0x100);
    machine_.symbols.add("__per_cpu_offset", 0xffffffff82000000, 8).add("__cpu_possible_mask", 0xffffffff82000100, 8);
    machine_.memory.write_u64(0xffffffff82000000, kArea);
    machine_.memory.write_u64(0xffffffff82000100, 1);
    set("thread", 0xffff888100000000);
    set("enabled", 1);
    queue({});
  }
  void set(std::string_view member, std::uint64_t value) {
    machine_.set("cpu_stopper", kArea + kStopper, member, value);
  }
  void queue(const std::vector<std::uint64_t>& works) { machine_.link_list(kArea + kStopper + 16, works); }
  void work(std::uint64_t at, std::uint64_t function, std::uint64_t argument, std::uint64_t done) {
    machine_.set("cpu_stop_work", at, "fn", function);
    machine_.set("cpu_stop_work", at, "arg", argument);
    machine_.set("cpu_stop_work", at, "done", done);
  }
  void data(std::uint64_t function, std::uint32_t threads, std::uint32_t ack, std::uint32_t state) {
    machine_.set("multi_stop_data", kData, "fn", function);
    machine_.set("multi_stop_data", kData, "num_threads", threads);
    machine_.set("multi_stop_data", kData, "thread_ack", ack);
    machine_.set("multi_stop_data", kData, "state", state);
  }
  StopperView bind() {
    Binder binder(machine_.types);
    StopperView view = StopperView::bind(machine_.access(), binder);
    missing_ = binder.missing();
    return view;
  }
  ReadResult<StopperState> read() {
    auto percpu = PerCpu::open(machine_.access());
    EXPECT_TRUE(percpu);
    return bind().stopper(machine_.access(), *percpu, 0);
  }
  bool plausible(std::size_t cpus = 4) {
    const StopperView view = bind();
    const auto found = view.multi_stop(machine_.access(), VirtualAddress(kData));
    return found && view.is_plausible(machine_.access(), *found, cpus);
  }
  test::FakeMachine machine_;
  std::vector<std::string> missing_;
};

TEST_F(StopperTest, AnIdleStopperHasItsThreadAndNoWork) {
  const auto state = read();
  ASSERT_TRUE(state);
  EXPECT_EQ(state->thread, VirtualAddress(0xffff888100000000));
  EXPECT_EQ(state->enabled, true);
  EXPECT_TRUE(state->pending.empty());
  EXPECT_TRUE(state->broken.empty());
  EXPECT_TRUE(missing_.empty());
}

TEST_F(StopperTest, QueuedWorkIsGivenInOrder) {
  work(kWork, kFunction, 1, 0xffffc90000003000);
  work(kWork + 0x40, kFunction + 8, 2, 0);
  queue({kWork, kWork + 0x40});
  set("fn", kFunction);
  const auto state = read();
  ASSERT_TRUE(state);
  ASSERT_EQ(state->pending.size(), 2u);
  EXPECT_EQ(state->pending[0].address, VirtualAddress(kWork));
  EXPECT_EQ(state->pending[0].argument, VirtualAddress(1));
  EXPECT_EQ(state->pending[0].done, VirtualAddress(0xffffc90000003000));
  EXPECT_EQ(state->pending[1].function, VirtualAddress(kFunction + 8));
  EXPECT_EQ(state->running_function, VirtualAddress(kFunction));
}

TEST_F(StopperTest, AQueueThatRunsInACircleIsCutAndSaysSo) {
  work(kWork, kFunction, 1, 0);
  work(kWork + 0x40, kFunction, 2, 0);
  queue({kWork, kWork + 0x40});
  machine_.memory.write_u64(kWork + 0x40, kWork);
  const auto state = read();
  ASSERT_TRUE(state);
  EXPECT_TRUE(state->broken.starts_with("the list runs in a circle")) << state->broken;
  EXPECT_EQ(state->pending.size(), 2u);
}

TEST_F(StopperTest, WorkThatIsNotInTheDumpEndsTheQueue) {
  work(kWork, kFunction, 1, 0);
  machine_.memory.touch(kWork + 0xff8);
  queue({kWork, kWork + 0xff0});  // its links are readable, what is behind them lies on the next page
  const auto state = read();
  ASSERT_TRUE(state);
  EXPECT_EQ(state->pending.size(), 1u);
  EXPECT_EQ(state->broken, "the work at 0xffffc90000001ff0 cannot be read");
}

TEST_F(StopperTest, AnOldKernelKeepsTheThreadBesideTheStopper) {
  machine_.types.remove(std::string("cpu_stopper"), "thread").remove(std::string("cpu_stopper"), "fn");
  machine_.symbols.add("cpu_stopper_task", 0x2000, 8);
  machine_.memory.write_u64(kArea + 0x2000, 0xffff888100004000);
  const auto state = read();
  ASSERT_TRUE(state);
  EXPECT_EQ(state->thread, VirtualAddress(0xffff888100004000));
  EXPECT_EQ(state->running_function, std::nullopt);
}

TEST_F(StopperTest, WithoutTheSymbolOrThePageThereIsNoStopper) {
  machine_.memory.take_away(kArea + kStopper);
  EXPECT_EQ(read().error().kind, FaultKind::kFilteredOut);
  machine_.symbols.remove("cpu_stopper");
  EXPECT_EQ(read().error().kind, FaultKind::kNoSuchField);
}

TEST_F(StopperTest, WithoutTheTypesTheQueueIsToldToBeUnknown) {
  machine_.types.remove("cpu_stop_work");
  const auto state = read();
  ASSERT_TRUE(state);
  EXPECT_EQ(state->broken, "the kernel's types do not describe the queue");
  EXPECT_EQ(missing_.size(), 4u);
}

TEST_F(StopperTest, ARequestIsReadWithAllItsNumbers) {
  data(kFunction, 4, 1, 1);
  machine_.set("multi_stop_data", kData, "active_cpus", 0xffffffff82000100);
  const StopperView view = bind();
  const auto found = view.multi_stop(machine_.access(), VirtualAddress(kData));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->function, VirtualAddress(kFunction));
  EXPECT_EQ(found->num_threads, 4u);
  EXPECT_EQ(found->thread_ack, 1u);
  EXPECT_EQ(found->state, 1);
  EXPECT_EQ(found->active_cpus, VirtualAddress(0xffffffff82000100));
  EXPECT_EQ(view.state_name(machine_.access(), 1), "MULTI_STOP_PREPARE");
  EXPECT_EQ(view.state_name(machine_.access(), 7), "7");
  EXPECT_TRUE(plausible());
}

TEST_F(StopperTest, GarbageOnAStackIsNoRequest) {
  data(kFunction, 0, 0, 1);
  EXPECT_FALSE(plausible()) << "nobody takes part";
  data(kFunction, 5, 1, 1);
  EXPECT_FALSE(plausible()) << "more threads than CPUs";
  data(kFunction, 4, 5, 1);
  EXPECT_FALSE(plausible()) << "more missing than taking part";
  data(kFunction, 4, 1, 0);
  EXPECT_FALSE(plausible()) << "not begun";
  data(kFunction, 4, 1, 5);
  EXPECT_FALSE(plausible()) << "no such state";
  data(kFunction, 4, 1, 0xffffffff);
  EXPECT_FALSE(plausible()) << "a negative state";
  data(kFunction + 0x100, 4, 1, 1);
  EXPECT_FALSE(plausible()) << "no function";
  data(kFunction, 4, 0, 4);
  EXPECT_TRUE(plausible()) << "the last state, acknowledged by all";
}

TEST_F(StopperTest, ARequestThatReachesIntoAMissingPageFaults) {
  const StopperView view = bind();
  EXPECT_FALSE(view.multi_stop(machine_.access(), VirtualAddress(kData)));
  machine_.memory.touch(kData);
  EXPECT_FALSE(view.multi_stop(machine_.access(), VirtualAddress(kData + 0xff0)));
}

TEST_F(StopperTest, StateNamesFollowTheKernelsOwnNumbers) {
  machine_.types.add("enum MULTI_STOP_PREPARE=11");
  EXPECT_EQ(bind().state_name(machine_.access(), 11), "MULTI_STOP_PREPARE");
  EXPECT_EQ(bind().state_name(machine_.access(), 1), "1");
}

TEST_F(StopperTest, WhoWaitsForWorkIsToldByItsDone) {
  machine_.set("cpu_stop_done", kData, "nr_todo", 3);
  const auto done = bind().done(machine_.access(), VirtualAddress(kData));
  ASSERT_TRUE(done);
  EXPECT_EQ(done->to_do, 3u);
  EXPECT_EQ(done->completion, VirtualAddress(kData + 8));
}

}  // namespace
}  // namespace whyhung::kernel
