// SPDX-License-Identifier: GPL-2.0-or-later
// Those who wait for an RCU grace period: the CPUs and tasks that have not let it pass.
#include "collect_test_support.h"

namespace whyhung::collect {
namespace {

using model::ResourceKind;

constexpr std::uint64_t kState = 0xffffffff86000000, kNodes = 0xffffffff86000400, kReadersEntry = 208;

// A root and two leaves of two CPUs each, and a third leaf that is not in use.
class GracePeriodTest : public CollectTest {
 protected:
  GracePeriodTest() {
    kernel.machine.types.add(
        "rcu_state 2048: gp_seq@0:8 node@1024:[4x128]\n"
        "rcu_node 128: qsmask@8:8 grplo@16:4 grphi@20:4 level@24:1 gp_tasks@32:8 blkd_tasks@40:16\n"
        "task_struct 1024: rcu_node_entry@208:16");
    kernel.machine.symbols.add("rcu_state", kState, 2048).add("rcu_num_nodes", kState + 0x1000, 4);
    kernel.machine.memory.write_u32(kState + 0x1000, 3);
    kernel.machine.set("rcu_state", kState, "gp_seq", 0x1231);
    make_node(0, 0, 0, 3, 3);
    for (const std::uint64_t leaf : {1, 2, 3}) make_node(leaf, 1, 2 * (leaf - 1), 2 * leaf - 1, 0);
  }
  static std::uint64_t node(std::uint64_t index) { return kNodes + 128 * index; }
  void make_node(std::uint64_t index, std::uint64_t level, std::uint64_t low, std::uint64_t high, std::uint64_t mask) {
    kernel.machine.set("rcu_node", node(index), "level", level);
    kernel.machine.set("rcu_node", node(index), "grplo", low);
    kernel.machine.set("rcu_node", node(index), "grphi", high);
    kernel.machine.set("rcu_node", node(index), "qsmask", mask);
    kernel.machine.link_list(node(index) + 40, {});
  }
  // Readers that were preempted, in the order of the list; `first` is the first that is in the way.
  void preempted(std::uint64_t leaf, const std::vector<std::uint32_t>& readers, std::uint32_t first) {
    std::vector<std::uint64_t> entries;
    for (const std::uint32_t pid : readers) {
      kernel.add_task(pid, "reader");
      entries.push_back(kernel.task(pid) + kReadersEntry);
    }
    kernel.machine.link_list(node(leaf) + 40, entries);
    kernel.machine.set("rcu_node", node(leaf), "gp_tasks", kernel.task(first) + kReadersEntry);
  }
  void owes(std::uint64_t leaf, std::uint64_t mask) { kernel.machine.set("rcu_node", node(leaf), "qsmask", mask); }
  const model::Resource& waited_for(std::vector<FakeFrame> frames) {
    frames.insert(frames.begin(), "wait_for_completion");
    completions.make().waited_for_by(100, std::move(frames));
    return waited_for_by(100);
  }
  test::FakeCompletions completions{kernel};
  const std::vector<FakeFrame> kSynchronize = {"__wait_rcu_gp", "synchronize_rcu", "removes_it [driver]"};
};

TEST_F(GracePeriodTest, TheCpusThatOweAQuiescentStateAreTheHolders) {
  owes(1, 0b10);
  owes(2, 0b01);
  const model::Resource& found = waited_for(kSynchronize);
  EXPECT_EQ(found.kind, ResourceKind::kRcuGracePeriod);
  EXPECT_EQ(holders_of(found), (Nodes{model::cpu_node(1), model::cpu_node(2)}));
  for (const model::Holder& holder : found.holders) EXPECT_EQ(holder.role, model::HolderRole::kOwesQuiescentState);
  EXPECT_EQ(evidence(found.holders.at(1).evidence, "rcu_node.qsmask"), "CPU 2");
  EXPECT_EQ(fact(found, "sequence"), "0x1231");
  EXPECT_EQ(how_of(wait_of(100)), "sleeps in removes_it [driver]");
}

TEST_F(GracePeriodTest, ACpuWhoseTaskIsInsideOfAReadSideSectionIsSaidToBe) {
  kernel.machine.types.add("task_struct 1024: rcu_read_lock_nesting@224:4s");
  for (const std::uint32_t number : {1, 2}) {
    kernel.add_task(200 + number, "worker");
    kernel.run(number, 200 + number, {"reads", "kthread"});
  }
  kernel.set_task(201, "rcu_read_lock_nesting", 2);
  owes(1, 0b10);
  owes(2, 0b01);
  const model::Resource& found = waited_for(kSynchronize);
  ASSERT_EQ(found.holders.size(), 2u);
  EXPECT_EQ(found.holders.at(0).role, model::HolderRole::kRunsReader);
  EXPECT_EQ(evidence(found.holders.at(0).evidence, "task_struct.rcu_read_lock_nesting"), "2");
  EXPECT_EQ(found.holders.at(1).role, model::HolderRole::kOwesQuiescentState);
}

TEST_F(GracePeriodTest, ReadersThatWerePreemptedBeforeItBeganAreInTheWay) {
  preempted(2, {201, 202, 203}, 202);
  const model::Resource& found = waited_for(kSynchronize);
  EXPECT_EQ(holders_of(found), (Nodes{task(202), task(203)})) << "201 began to read after it";
  EXPECT_EQ(found.holders.at(0).role, model::HolderRole::kWasPreemptedReading);
}

TEST_F(GracePeriodTest, ReadersWhileNoneIsInTheWayAreNoHolders) {
  owes(1, 1);
  preempted(2, {201}, 201);
  kernel.machine.set("rcu_node", node(2), "gp_tasks", 0);
  EXPECT_EQ(holders_of(waited_for(kSynchronize)), Nodes{model::cpu_node(0)});
}

TEST_F(GracePeriodTest, WhenNoneIsUnderWayNobodyIsNamed) {
  owes(1, 1);
  kernel.machine.set("rcu_state", kState, "gp_seq", 0x1230);
  EXPECT_EQ(holders_of(waited_for(kSynchronize)), Nodes{});
  EXPECT_EQ(waited_for_by(100).kind, ResourceKind::kCompletion);
}

TEST_F(GracePeriodTest, LeavesThatAreNotInUseAndBitsBeyondTheLastCpuAreLeftOut) {
  owes(1, 0b101);
  owes(3, 1);
  EXPECT_EQ(holders_of(waited_for(kSynchronize)), Nodes{model::cpu_node(0)});
}

TEST_F(GracePeriodTest, OneNodeIsRootAndLeaf) {
  kernel.machine.memory.write_u32(kState + 0x1000, 1);
  make_node(0, 0, 0, 3, 0b1000);
  EXPECT_EQ(holders_of(waited_for(kSynchronize)), Nodes{model::cpu_node(3)});
}

TEST_F(GracePeriodTest, AnotherKindOfRcuHasAnotherGracePeriod) {
  owes(1, 1);
  EXPECT_EQ(holders_of(waited_for({"__wait_rcu_gp", "synchronize_rcu_tasks_generic", "synchronize_rcu_tasks"})),
            Nodes{});
  EXPECT_EQ(waited_for_by(100).kind, ResourceKind::kCompletion);
}

TEST_F(GracePeriodTest, SleepableRcuHasAnotherGracePeriod) {
  owes(1, 1);
  EXPECT_EQ(holders_of(waited_for({"__synchronize_srcu", "synchronize_srcu"})), Nodes{});
}

TEST_F(GracePeriodTest, AListOfReadersThatRunsInACircleNamesEachOnce) {
  preempted(1, {201, 202, 203}, 201);
  kernel.machine.memory.write_u64(kernel.task(203) + kReadersEntry, kernel.task(202) + kReadersEntry);
  EXPECT_EQ(holders_of(waited_for(kSynchronize)), (Nodes{task(201), task(202), task(203)}));
}

TEST_F(GracePeriodTest, AReaderThatItsListDoesNotHoldIsNoHolder) {
  owes(1, 1);
  preempted(1, {201}, 201);
  kernel.add_task(202, "bystander");
  kernel.machine.set("rcu_node", node(1), "gp_tasks", kernel.task(202) + kReadersEntry);
  EXPECT_EQ(holders_of(waited_for(kSynchronize)), Nodes{model::cpu_node(0)});
}

TEST_F(GracePeriodTest, WithoutItsStateTheCompletionIsAllThatIsKnown) {
  owes(1, 1);
  kernel.machine.symbols.remove("rcu_state");
  EXPECT_EQ(holders_of(waited_for(kSynchronize)), Nodes{});
  EXPECT_EQ(waited_for_by(100).kind, ResourceKind::kCompletion);
}

TEST_F(GracePeriodTest, WithoutTheReadersListTheCpusAreStillKnown) {
  owes(1, 1);
  preempted(1, {201}, 201);
  kernel.machine.types.remove("rcu_node", "blkd_tasks");
  EXPECT_EQ(holders_of(waited_for(kSynchronize)), Nodes{model::cpu_node(0)});
}

}  // namespace
}  // namespace whyhung::collect
