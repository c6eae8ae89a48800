// SPDX-License-Identifier: GPL-2.0-or-later
// The proof of a loop: the machine code around a program counter, its way back, its ways out, and what decides them.
#pragma once

#include "collect/workbench.h"

namespace whyhung::collect {

// The loop that the CPU's activity stands in: the innermost function that cannot leave, else the innermost function
// that goes round at all. `registers` are those of the activity's innermost frame. Nothing when no frame stands in a
// loop.
std::optional<model::Loop> find_loop(Workbench& bench, const model::Cpu& cpu,
                                     const std::optional<arch::RegisterSet>& registers);

}  // namespace whyhung::collect
