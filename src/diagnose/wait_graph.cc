// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnose/wait_graph.h"

#include <algorithm>
#include <unordered_set>

namespace whyhung::diagnose {

WaitGraph::WaitGraph(const model::Snapshot& snapshot) {
  for (const model::Wait& wait : snapshot.waits) add(wait.waiter, wait.on);
  for (const model::Resource& resource : snapshot.resources) {
    for (const model::Holder& holder : resource.holders) add(model::resource_node(resource.address), holder.who);
  }
  std::set<std::uint64_t> on_a_cpu;
  for (const model::Cpu& cpu : snapshot.cpus) {
    on_a_cpu.insert(cpu.task);
    if (cpu.task != 0 && cpu.task != cpu.runqueue.idle_task) {
      add(model::cpu_node(cpu.number), model::task_node(cpu.task));
    }
  }
  for (const model::Task& task : snapshot.tasks) {
    const bool needs_cpu = task.is_runnable() && task.on_runqueue && !task.is_idle_task && task.cpu;
    if (needs_cpu && !on_a_cpu.contains(task.address)) {
      add(model::task_node(task.address), model::cpu_node(*task.cpu));
    }
  }
}

void WaitGraph::add(model::NodeId from, model::NodeId to) {
  forward_[from].push_back(to);
  backward_[to].push_back(from);
}

const std::vector<model::NodeId>& WaitGraph::waits_for(model::NodeId node) const {
  static const std::vector<model::NodeId> kNothing;
  const auto found = forward_.find(node);
  return found == forward_.end() ? kNothing : found->second;
}

std::vector<model::NodeId> WaitGraph::nodes() const {
  std::vector<model::NodeId> all;
  all.reserve(forward_.size() + backward_.size());
  for (const auto& [node, arrows] : forward_) all.push_back(node);
  for (const auto& [node, arrows] : backward_) all.push_back(node);
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

std::set<model::NodeId> WaitGraph::blocked_by(model::NodeId node) const {
  const auto blocked = blocked_by(std::span(&node, 1));
  return {blocked.begin(), blocked.end()};
}

std::vector<model::NodeId> WaitGraph::blocked_by(std::span<const model::NodeId> nodes) const {
  std::unordered_set<model::NodeId, model::NodeHash> reached;
  std::vector<model::NodeId> all;
  for (const model::NodeId node : nodes) {
    if (!reached.insert(node).second) continue;
    const std::size_t first = all.size();
    std::vector<model::NodeId> pending = {node};
    while (!pending.empty()) {
      const auto found = backward_.find(pending.back());
      pending.pop_back();
      if (found == backward_.end()) continue;
      for (const model::NodeId waiter : found->second) {
        if (!reached.insert(waiter).second) continue;
        pending.push_back(waiter);
        all.push_back(waiter);
      }
    }
    std::sort(all.begin() + static_cast<std::ptrdiff_t>(first), all.end());
  }
  return all;
}

}  // namespace whyhung::diagnose
