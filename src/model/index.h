// SPDX-License-Identifier: GPL-2.0-or-later
// Quick ways through a snapshot: by address or pid of a task, number of a CPU, address of a resource, waiter, holder,
// what an Oops's registers held. Made once and handed on; the snapshot outlives it and does not change meanwhile. Of
// several with one name the first counts.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "model/snapshot.h"

namespace whyhung::model {

struct NodeHash {
  std::size_t operator()(const NodeId& node) const {
    // Addresses differ in their middle bits.
    const std::uint64_t mixed =
        (node.id ^ (std::uint64_t{static_cast<std::uint8_t>(node.kind)} << 56)) * 0x9e3779b97f4a7c15;
    return static_cast<std::size_t>(mixed ^ (mixed >> 32));
  }
};

class Index {
 public:
  explicit Index(const Snapshot& snapshot);

  const Snapshot& snapshot() const { return snapshot_; }
  // Null: there is none.
  const Task* task(std::uint64_t address) const;
  const Cpu* cpu(std::uint32_t number) const;
  const Resource* resource(std::uint64_t address) const;
  const Task* task(NodeId node) const;
  const Resource* resource(NodeId node) const;
  // In the snapshot's order: a pid is given again when its task has gone.
  std::span<const Task* const> tasks_with_pid(std::uint32_t pid) const;
  // The Oopses whose registers held an address, in the snapshot's order.
  std::span<const Incident* const> oopses_with(std::uint64_t word) const;
  // The CPU that runs a task.
  const Cpu* cpu_of(const Task& task) const;

  // What a task or CPU waits for; null when that is not known or nothing.
  const Wait* wait_of(NodeId waiter) const;
  // All waits for a resource, in the snapshot's order.
  std::span<const Wait* const> waits_for(NodeId resource) const;
  // The resources that name a task or CPU as a holder, in the snapshot's order.
  std::span<const Resource* const> held_by(NodeId holder) const;

 private:
  const Snapshot& snapshot_;
  std::unordered_map<std::uint64_t, const Task*> tasks_;
  std::unordered_map<std::uint32_t, std::vector<const Task*>> pids_;
  std::unordered_map<std::uint64_t, std::vector<const Incident*>> oopses_;  // by word
  std::unordered_map<std::uint32_t, const Cpu*> cpus_;
  std::unordered_map<std::uint64_t, const Resource*> resources_;
  std::unordered_map<std::uint64_t, const Cpu*> running_;
  std::unordered_map<NodeId, std::vector<const Wait*>, NodeHash> waits_;    // by waiter
  std::unordered_map<NodeId, std::vector<const Wait*>, NodeHash> waiters_;  // by resource
  std::unordered_map<NodeId, std::vector<const Resource*>, NodeHash> held_;
};

}  // namespace whyhung::model
