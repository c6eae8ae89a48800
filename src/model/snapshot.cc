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

}  // namespace whyhung::model
