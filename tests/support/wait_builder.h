// SPDX-License-Identifier: GPL-2.0-or-later
// Locks and waits of a machine that is written by hand.
#pragma once

#include <string>

#include "support/snapshot_builder.h"

namespace whyhung::test {

// A lock or completion; `owner` is a pid, 0: nobody.
inline model::Resource& add_resource(SnapshotBuilder& b, std::uint64_t address, model::ResourceKind kind,
                                     std::uint32_t owner = 0, model::HolderRole role = model::HolderRole::kOwner,
                                     model::Certainty certainty = model::Certainty::kCertain) {
  model::Resource& resource = b.snapshot().resource_at(address, kind);
  if (owner != 0) {
    resource.holders.push_back({model::task_node(b.address_of(owner)), role, certainty, {}});
  }
  return resource;
}

// A task that has slept uninterruptibly for `seconds`.
inline model::Task& add_sleeper(SnapshotBuilder& b, std::uint32_t pid, double seconds) {
  model::Task& task = b.task(pid, "task" + std::to_string(pid));
  task.state = model::TaskState::kUninterruptible;
  task.last_arrival = SnapshotBuilder::kNow - static_cast<std::uint64_t>(seconds * static_cast<double>(kSecond));
  task.start_time = kSecond;
  return task;
}

// The same, waiting for the resource at `address` all that time.
inline model::Wait& add_waiter(SnapshotBuilder& b, std::uint32_t pid, std::uint64_t address, double seconds) {
  const model::Task& task = add_sleeper(b, pid, seconds);
  model::Wait wait{model::task_node(task.address), model::resource_node(address),
                   model::WaitKind::kSleeps,       task.last_arrival,
                   model::Certainty::kCertain,     {}};
  return b.snapshot().waits.emplace_back(std::move(wait));
}

}  // namespace whyhung::test
