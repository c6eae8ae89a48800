// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnose/cycles.h"

#include <algorithm>
#include <unordered_map>

namespace whyhung::diagnose {
namespace {

class Tarjan {
 public:
  explicit Tarjan(const WaitGraph& graph) : graph_(graph) {}

  std::vector<std::vector<model::NodeId>> run() {
    for (const model::NodeId node : graph_.nodes()) {
      if (!marks_.contains(node)) visit(node);
    }
    std::ranges::sort(components_);
    return std::move(components_);
  }

 private:
  struct Mark {
    std::size_t index = 0;
    std::size_t low = 0;
    bool on_stack = false;
  };
  struct Visit {
    model::NodeId node;
    std::size_t next_edge = 0;
  };

  void enter(model::NodeId node) {
    marks_[node] = {count_, count_, true};
    ++count_;
    stack_.push_back(node);
    visits_.push_back({node, 0});
  }

  void visit(model::NodeId root) {
    enter(root);
    while (!visits_.empty()) {
      const model::NodeId node = visits_.back().node;
      const auto& edges = graph_.waits_for(node);
      if (visits_.back().next_edge < edges.size()) {
        const model::NodeId next = edges[visits_.back().next_edge++];
        const auto seen = marks_.find(next);
        if (seen == marks_.end()) {
          enter(next);
        } else if (seen->second.on_stack) {
          marks_[node].low = std::min(marks_[node].low, seen->second.index);
        }
        continue;
      }
      visits_.pop_back();
      if (!visits_.empty()) {
        Mark& parent = marks_[visits_.back().node];
        parent.low = std::min(parent.low, marks_[node].low);
      }
      if (marks_[node].low == marks_[node].index) close(node);
    }
  }

  void close(model::NodeId root) {
    std::vector<model::NodeId> component;
    model::NodeId node;
    do {
      node = stack_.back();
      stack_.pop_back();
      marks_[node].on_stack = false;
      component.push_back(node);
    } while (node != root);
    const auto& edges = graph_.waits_for(root);
    const bool waits_for_itself = std::ranges::find(edges, root) != edges.end();
    if (component.size() == 1 && !waits_for_itself) return;
    std::ranges::sort(component);
    components_.push_back(std::move(component));
  }

  const WaitGraph& graph_;
  std::unordered_map<model::NodeId, Mark, model::NodeHash> marks_;
  std::vector<model::NodeId> stack_;
  std::vector<Visit> visits_;
  std::size_t count_ = 0;
  std::vector<std::vector<model::NodeId>> components_;
};

}  // namespace

std::vector<std::vector<model::NodeId>> cyclic_components(const WaitGraph& graph) {
  return Tarjan(graph).run();
}

namespace {

// The arrows inside of one component, with its nodes numbered.
class Component {
 public:
  Component(const WaitGraph& graph, const std::vector<model::NodeId>& nodes) : arrows_(nodes.size()) {
    std::unordered_map<model::NodeId, std::uint32_t, model::NodeHash> number;
    for (std::uint32_t i = 0; i < nodes.size(); ++i) number.emplace(nodes[i], i);
    for (std::uint32_t i = 0; i < nodes.size(); ++i) {
      for (const model::NodeId next : graph.waits_for(nodes[i])) {
        if (const auto found = number.find(next); found != number.end()) arrows_[i].push_back(found->second);
      }
    }
  }

  // A shortest way from a node back to itself that is shorter than `limit` nodes; empty: there is none. Breadth first;
  // adds to `steps` how many arrows it followed.
  std::vector<std::uint32_t> cycle_through(std::uint32_t start, std::size_t limit, std::size_t& steps) const {
    std::vector<std::uint32_t> came_from(arrows_.size(), kNowhere);
    std::vector<std::uint32_t> level = {start};
    for (std::size_t length = 1; length < limit && !level.empty(); ++length) {
      std::vector<std::uint32_t> next_level;
      for (const std::uint32_t node : level) {
        for (const std::uint32_t next : arrows_[node]) {
          ++steps;
          if (next == start) return way_to(node, start, came_from);
          if (came_from[next] != kNowhere) continue;
          came_from[next] = node;
          next_level.push_back(next);
        }
      }
      level = std::move(next_level);
    }
    steps += arrows_.size() / 8;  // what clearing the table costs
    return {};
  }

 private:
  static constexpr std::uint32_t kNowhere = ~std::uint32_t{0};
  static std::vector<std::uint32_t> way_to(std::uint32_t node, std::uint32_t start,
                                           const std::vector<std::uint32_t>& came_from) {
    std::vector<std::uint32_t> way = {node};
    while (way.back() != start) way.push_back(came_from[way.back()]);
    std::ranges::reverse(way);
    return way;
  }
  std::vector<std::vector<std::uint32_t>> arrows_;
};

}  // namespace

std::vector<model::NodeId> shortest_cycle(const WaitGraph& graph, const std::vector<model::NodeId>& component) {
  const Component inside(graph, component);
  // From each node back to itself. Of a large component only so much is looked at as a few walks over all of it cost.
  const std::size_t most_steps = 4 * component.size() + 50'000;
  std::size_t steps = 0;
  std::vector<std::uint32_t> best;
  for (std::uint32_t start = 0; start < component.size() && steps < most_steps; ++start) {
    auto cycle = inside.cycle_through(start, best.empty() ? component.size() + 1 : best.size(), steps);
    if (!cycle.empty()) best = std::move(cycle);
    if (best.size() == 1) break;
  }
  std::vector<model::NodeId> nodes;
  nodes.reserve(best.size());
  for (const std::uint32_t one : best) nodes.push_back(component[one]);
  return nodes;
}

}  // namespace whyhung::diagnose
