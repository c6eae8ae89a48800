// SPDX-License-Identifier: GPL-2.0-or-later
// Who cannot go on before whom, directly or through others; circles included.
#include "diagnose/wait_graph.h"

#include "diagnose_test_support.h"

namespace whyhung::diagnose {
namespace {

using model::cpu_node;
using model::NodeId;
using model::resource_node;
using model::task_node;

void add_wait(SnapshotBuilder& b, NodeId waiter, NodeId on) {
  b.snapshot().waits.push_back({waiter, on, {}, {}, Certainty::kCertain, {}});
}

TEST(WaitGraph, FollowsWaitsThroughResourcesToTheirHolders) {
  SnapshotBuilder b;
  model::Resource lock;
  lock.address = 0x100;
  lock.holders.push_back({task_node(b.address_of(2)), model::HolderRole::kOwner, Certainty::kCertain, {}});
  b.snapshot().resources.push_back(lock);
  add_wait(b, task_node(b.address_of(1)), resource_node(0x100));
  const WaitGraph graph(b.build());
  EXPECT_EQ(graph.waits_for(task_node(b.address_of(1))), std::vector{resource_node(0x100)});
  EXPECT_EQ(graph.blocked_by(task_node(b.address_of(2))),
            (std::set<NodeId>{resource_node(0x100), task_node(b.address_of(1))}));
  EXPECT_TRUE(graph.blocked_by(task_node(b.address_of(1))).empty());
  EXPECT_TRUE(graph.waits_for(task_node(0x77)).empty());
}

TEST(WaitGraph, ARunnableTaskWaitsForItsCpuAndThatForItsOccupant) {
  SnapshotBuilder b;
  add_hog(b, 0, 120);
  b.task(60, "sshd").state = model::TaskState::kRunning;
  b.task(60).on_runqueue = true;
  b.task(60).cpu = 0;
  const WaitGraph graph(b.build());
  const auto blocked = graph.blocked_by(task_node(b.address_of(120)));
  EXPECT_TRUE(blocked.contains(cpu_node(0)));
  EXPECT_TRUE(blocked.contains(task_node(b.address_of(60))));
}

TEST(WaitGraph, SleepingRunningAndIdleTasksWaitForNoCpu) {
  SnapshotBuilder b;
  add_hog(b, 0, 120);
  b.task(60).cpu = 0;  // sleeps
  b.task(61).state = model::TaskState::kRunning;
  b.task(61).cpu = 0;  // about to sleep: not on the runqueue
  const WaitGraph graph(b.build());
  EXPECT_EQ(graph.blocked_by(task_node(b.address_of(120))), std::set<NodeId>{cpu_node(0)});
}

TEST(WaitGraph, AnIdleCpuIsOccupiedByNobody) {
  SnapshotBuilder b;
  b.cpu(0).idles();
  const WaitGraph graph(b.build());
  EXPECT_TRUE(graph.waits_for(cpu_node(0)).empty());
}

TEST(WaitGraph, ACircleIsFollowedOnceAndDoesNotHoldItself) {
  SnapshotBuilder b;
  const NodeId a = task_node(b.address_of(1)), c = task_node(b.address_of(2)), d = task_node(b.address_of(3));
  add_wait(b, a, c);
  add_wait(b, c, d);
  add_wait(b, d, a);
  add_wait(b, a, a);
  const WaitGraph graph(b.build());
  EXPECT_EQ(graph.blocked_by(a), (std::set<NodeId>{c, d}));
}

}  // namespace
}  // namespace whyhung::diagnose
