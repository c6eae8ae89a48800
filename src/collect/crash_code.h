// SPDX-License-Identifier: GPL-2.0-or-later
// The instruction that ended the machine, those around it, and the memory that it meant.
#pragma once

#include "collect/workbench.h"

namespace whyhung::collect {

// Fills Crash::code and Crash::address as far as code and registers are in the dump.
void describe_crash_code(Workbench& bench, model::Crash& crash);

}  // namespace whyhung::collect
