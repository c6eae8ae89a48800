// SPDX-License-Identifier: GPL-2.0-or-later
// Who holds the spinlocks that CPUs spin for, read from the code that CPUs stand in: no such lock names its holder, but
// the functions on a CPU's stack have taken it and not given it back.
#pragma once

#include "collect/workbench.h"

namespace whyhung::collect {

// Adds CPUs as holders of the spinlocks that others, or they themselves, spin for; likely, and never certain.
void collect_spinlock_holders(Workbench& bench);

}  // namespace whyhung::collect
