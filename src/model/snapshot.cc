// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/snapshot.h"

#include <algorithm>

namespace whyhung::model {

const Task* Snapshot::find_task(std::uint64_t address) const {
  const auto found = std::ranges::find(tasks, address, &Task::address);
  return found == tasks.end() ? nullptr : &*found;
}

const Cpu* Snapshot::find_cpu(std::uint32_t number) const {
  const auto found = std::ranges::find(cpus, number, &Cpu::number);
  return found == cpus.end() ? nullptr : &*found;
}

const Resource* Snapshot::find_resource(std::uint64_t address) const {
  const auto found = std::ranges::find(resources, address, &Resource::address);
  return found == resources.end() ? nullptr : &*found;
}

const CompletionFacts* completion_of(const Resource& resource) {
  if (const auto* work = facts_of<WorkFacts>(resource)) return &work->completion;
  if (const auto* period = facts_of<GracePeriodFacts>(resource)) return &period->completion;
  return facts_of<CompletionFacts>(resource);
}

std::string_view Machine::task_state_name() const {
  return task_state_member ? std::string_view(*task_state_member) : "task_struct.__state";
}

std::string_view Machine::preempt_count_name() const {
  return preempt_count_member ? std::string_view(*preempt_count_member) : "__preempt_count";
}

Resource& Snapshot::resource_at(std::uint64_t address, ResourceKind kind) {
  const auto found = std::ranges::find(resources, address, &Resource::address);
  if (found != resources.end()) return *found;
  Resource added;
  added.address = address;
  added.kind = kind;
  return resources.emplace_back(std::move(added));
}

}  // namespace whyhung::model
