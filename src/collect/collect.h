// SPDX-License-Identifier: GPL-2.0-or-later
// From an opened machine to a snapshot: the last layer that sees the dump.
#pragma once

#include "base/stage_clock.h"
#include "collect/workbench.h"

namespace whyhung::collect {

// Collects everything that a verdict needs. What could not be had is in the snapshot's gaps; without types or per-CPU
// areas the snapshot holds only what the file says of itself and the reason.
void collect_snapshot(Workbench& bench, std::string_view dump_name, StageClock& clock);

// The snapshot of a machine that no Workbench could be made for.
model::Snapshot poor_snapshot(const target::Target& target, std::string_view dump_name, const Error& why);

}  // namespace whyhung::collect
