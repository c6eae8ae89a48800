// SPDX-License-Identifier: GPL-2.0-or-later
// Cycles of a wait-for graph: strongly connected components by Tarjan's algorithm (without recursion: chains can be as
// long as there are tasks), and for each a shortest cycle as witness.
#pragma once

#include <vector>

#include "diagnose/wait_graph.h"

namespace whyhung::diagnose {

// Components in which every node waits for every other: more than one node, or one that waits for itself. Nodes
// ascending.
std::vector<std::vector<model::NodeId>> cyclic_components(const WaitGraph& graph);

// A shortest cycle inside of a component: each node waits for the next, the last for the first.
std::vector<model::NodeId> shortest_cycle(const WaitGraph& graph, const std::vector<model::NodeId>& component);

}  // namespace whyhung::diagnose
