// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/index.h"

namespace whyhung::model {
namespace {

template <typename Map, typename Key>
auto found_in(const Map& map, const Key& key) -> typename Map::mapped_type {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : found->second;
}

template <typename Map, typename Key>
auto list_in(const Map& map, const Key& key) -> std::span<const typename Map::mapped_type::value_type> {
  const auto found = map.find(key);
  if (found == map.end()) return {};
  return found->second;
}

}  // namespace

Index::Index(const Snapshot& snapshot) : snapshot_(snapshot) {
  for (const Task& task : snapshot.tasks) {
    tasks_.emplace(task.address, &task);
    pids_[task.pid].push_back(&task);
  }
  for (const Incident& incident : snapshot.incidents) {
    if (incident.kind != IncidentKind::kOops) continue;
    for (const std::uint64_t word : incident.words) oopses_[word].push_back(&incident);
  }
  for (const Cpu& cpu : snapshot.cpus) {
    cpus_.emplace(cpu.number, &cpu);
    if (cpu.task != 0) running_.emplace(cpu.task, &cpu);
  }
  for (const Resource& resource : snapshot.resources) {
    resources_.emplace(resource.address, &resource);
    for (const Holder& holder : resource.holders) held_[holder.who].push_back(&resource);
  }
  for (const Wait& wait : snapshot.waits) {
    waits_[wait.waiter].push_back(&wait);
    waiters_[wait.on].push_back(&wait);
  }
}

const Task* Index::task(std::uint64_t address) const {
  return found_in(tasks_, address);
}

const Cpu* Index::cpu(std::uint32_t number) const {
  return found_in(cpus_, number);
}

const Resource* Index::resource(std::uint64_t address) const {
  return found_in(resources_, address);
}

const Task* Index::task(NodeId node) const {
  return node.kind == NodeKind::kTask ? task(node.id) : nullptr;
}

const Resource* Index::resource(NodeId node) const {
  return node.kind == NodeKind::kResource ? resource(node.id) : nullptr;
}

std::span<const Task* const> Index::tasks_with_pid(std::uint32_t pid) const {
  return list_in(pids_, pid);
}

std::span<const Incident* const> Index::oopses_with(std::uint64_t word) const {
  return list_in(oopses_, word);
}

const Cpu* Index::cpu_of(const Task& task) const {
  return found_in(running_, task.address);
}

const Wait* Index::wait_of(NodeId waiter) const {
  const auto found = waits_.find(waiter);
  return found == waits_.end() || waiter.kind == NodeKind::kResource ? nullptr : found->second.front();
}

std::span<const Wait* const> Index::waits_for(NodeId resource) const {
  return list_in(waiters_, resource);
}

std::span<const Resource* const> Index::held_by(NodeId holder) const {
  return list_in(held_, holder);
}

}  // namespace whyhung::model
