// SPDX-License-Identifier: GPL-2.0-or-later
// The wait-for graph of a finding as nodes and edges to be drawn: who waits for the same thing is one node with a
// number, and so are CPUs that are held up alike.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "diagnose/finding.h"
#include "model/index.h"

namespace whyhung::report {

enum class GraphRole : std::uint8_t { kVictim, kCulprit, kResource, kCpu };
// For programs and for styles of the picture.
std::string_view name_of(GraphRole role);

struct Graph {
  struct Node {
    GraphRole role = GraphRole::kVictim;
    std::vector<std::string> lines;         // of its label, printable, names in full
    std::vector<model::NodeId> stands_for;  // what it is; several for those who wait for the same together
  };
  struct Edge {
    std::size_t from = 0;
    std::size_t to = 0;
    std::string label;
    bool in_circle = false;  // whoever follows the arrows comes back to it
  };
  std::vector<Node> nodes;
  std::vector<Edge> edges;
  bool is_whole = true;  // false: there was no room for all of it
};

inline constexpr std::size_t kMostGraphNodes = 400;
Graph make_graph(const model::Index& index, const diagnose::Finding& finding, std::size_t most = kMostGraphNodes);

// A line of a label as pictures show it: no longer than there is room for.
std::string drawn(std::string_view line);

// For Graphviz.
void write_dot(std::ostream& out, const Graph& graph, std::string_view title);

}  // namespace whyhung::report
