// SPDX-License-Identifier: GPL-2.0-or-later
// Kinds of waits, one file each, listed in one table (waits.cc). A collector looks at the snapshot so far and at
// memory, and adds waits, resources and their holders, each with evidence.
#pragma once

#include "collect/workbench.h"

namespace whyhung::collect {

struct WaitCollector {
  std::string_view name;
  void (*collect)(Workbench& bench);
};

// All kinds, in the order in which they are asked.
std::span<const WaitCollector> wait_collectors();

// Adds the wait of a CPU that spins in its activity, until the resource is had.
model::Wait& add_spin(Workbench& bench, const model::Cpu& cpu, VirtualAddress resource, model::WaitHow how);

void collect_stop_machine_waits(Workbench& bench);
void collect_ipi_waits(Workbench& bench);

}  // namespace whyhung::collect
