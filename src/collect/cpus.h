// SPDX-License-Identifier: GPL-2.0-or-later
// CPUs: what ran on each, with registers, stack, contexts, stopper and watchdog.
#pragma once

#include "collect/workbench.h"

namespace whyhung::collect {

// Fills Snapshot::cpus, and the stacks of the tasks that run on them. After collect_tasks().
void collect_cpus(Workbench& bench);

}  // namespace whyhung::collect
