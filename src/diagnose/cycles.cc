// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnose/cycles.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

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
  std::map<model::NodeId, Mark> marks_;
  std::vector<model::NodeId> stack_;
  std::vector<Visit> visits_;
  std::size_t count_ = 0;
  std::vector<std::vector<model::NodeId>> components_;
};

}  // namespace

std::vector<std::vector<model::NodeId>> cyclic_components(const WaitGraph& graph) {
  return Tarjan(graph).run();
}

std::vector<model::NodeId> shortest_cycle(const WaitGraph& graph, const std::vector<model::NodeId>& component) {
  const std::set<model::NodeId> members(component.begin(), component.end());
  std::vector<model::NodeId> best;
  // Breadth first from each member back to itself. Components of more members than this are cut to their first ones.
  constexpr std::size_t kMostStarts = 64;
  for (std::size_t i = 0; i < component.size() && i < kMostStarts; ++i) {
    const model::NodeId start = component[i];
    std::map<model::NodeId, model::NodeId> came_from;
    std::deque<model::NodeId> pending = {start};
    bool closed = false;
    while (!pending.empty() && !closed) {
      const model::NodeId node = pending.front();
      pending.pop_front();
      for (const model::NodeId next : graph.waits_for(node)) {
        if (!members.contains(next)) continue;
        if (next == start) {
          std::vector<model::NodeId> cycle = {node};
          for (model::NodeId at = node; at != start; cycle.push_back(at)) at = came_from.at(at);
          std::ranges::reverse(cycle);
          if (best.empty() || cycle.size() < best.size()) best = std::move(cycle);
          closed = true;
          break;
        }
        if (came_from.try_emplace(next, node).second) pending.push_back(next);
      }
    }
  }
  return best;
}

}  // namespace whyhung::diagnose
