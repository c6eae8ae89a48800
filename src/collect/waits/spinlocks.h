// SPDX-License-Identifier: GPL-2.0-or-later
// CPUs that spin for a spinlock: which lock it is. Who holds it the lock itself does not say (kernel/locking/
// qspinlock.c); that is inferred from all CPUs together, where hangs are judged.
#pragma once

#include "arch/architecture.h"
#include "collect/workbench.h"

namespace whyhung::collect {

// Adds the wait of a CPU whose activity spins for a spinlock. `registers` are those of the activity.
void collect_spinlock_wait(Workbench& bench, const model::Cpu& cpu, const std::optional<arch::RegisterSet>& registers);

}  // namespace whyhung::collect
