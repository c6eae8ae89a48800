// SPDX-License-Identifier: GPL-2.0-or-later
// Cycles of random graphs, held against the plain definition: two nodes are of one component when each reaches the
// other.
#include "diagnose/cycles.h"

#include <random>

#include "diagnose_test_support.h"

namespace whyhung::diagnose {
namespace {

using model::NodeId;
using model::task_node;

model::Snapshot graph_of(unsigned nodes, unsigned edges, std::mt19937& random) {
  model::Snapshot snapshot;
  std::uniform_int_distribution<std::uint64_t> node(1, nodes);
  for (unsigned i = 0; i < edges; ++i) {
    snapshot.waits.push_back({task_node(node(random)), task_node(node(random)), {}, {}, Certainty::kCertain, {}});
  }
  return snapshot;
}

bool reaches(const WaitGraph& graph, NodeId from, NodeId to) {
  std::set<NodeId> seen;
  std::vector<NodeId> pending(graph.waits_for(from));
  while (!pending.empty()) {
    const NodeId node = pending.back();
    pending.pop_back();
    if (node == to) return true;
    if (!seen.insert(node).second) continue;
    pending.insert(pending.end(), graph.waits_for(node).begin(), graph.waits_for(node).end());
  }
  return false;
}

TEST(Cycles, ComponentsAreThoseOfTheDefinition) {
  std::mt19937 random(20261122);
  for (int round = 0; round < 300; ++round) {
    const unsigned nodes = 1 + round % 14;
    const model::Snapshot snapshot = graph_of(nodes, round % 31, random);
    const WaitGraph graph(snapshot);
    std::set<std::vector<NodeId>> expected;
    for (const NodeId one : graph.nodes()) {
      std::vector<NodeId> component;
      for (const NodeId other : graph.nodes()) {
        if (reaches(graph, one, other) && reaches(graph, other, one)) component.push_back(other);
      }
      if (!component.empty()) expected.insert(component);
    }
    const auto found = cyclic_components(graph);
    EXPECT_EQ(std::set(found.begin(), found.end()), expected);
    EXPECT_EQ(found.size(), expected.size());
  }
}

TEST(Cycles, TheWitnessIsACycleAndNoneIsShorter) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    const model::Snapshot snapshot = graph_of(12, 8 + round % 25, random);
    const WaitGraph graph(snapshot);
    for (const auto& component : cyclic_components(graph)) {
      const auto cycle = shortest_cycle(graph, component);
      ASSERT_FALSE(cycle.empty());
      EXPECT_EQ(std::set(cycle.begin(), cycle.end()).size(), cycle.size()) << "no node comes twice";
      for (std::size_t i = 0; i < cycle.size(); ++i) {
        const auto& next = graph.waits_for(cycle[i]);
        EXPECT_NE(std::ranges::find(next, cycle[(i + 1) % cycle.size()]), next.end());
      }
      // A node that waits for itself is the shortest of all.
      const bool waits_for_itself = std::ranges::any_of(component, [&](NodeId node) {
        const auto& next = graph.waits_for(node);
        return std::ranges::find(next, node) != next.end();
      });
      EXPECT_EQ(cycle.size() == 1, waits_for_itself);
    }
  }
}

TEST(Cycles, ALongChainNeedsNoDeepStack) {
  model::Snapshot snapshot;
  constexpr std::uint64_t kNodes = 200'000;
  for (std::uint64_t i = 0; i < kNodes; ++i) {
    snapshot.waits.push_back({task_node(i), task_node(i + 1), {}, {}, Certainty::kCertain, {}});
  }
  EXPECT_TRUE(cyclic_components(WaitGraph(snapshot)).empty());
}

}  // namespace
}  // namespace whyhung::diagnose
