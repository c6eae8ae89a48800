// SPDX-License-Identifier: GPL-2.0-or-later
// A CPU's stack cut into contexts (an NMI on top of an interrupt on top of a task), and which of them is what the CPU
// was really doing: the rest only serves the dump or the detector that found the hang.
#pragma once

#include "collect/workbench.h"

namespace whyhung::collect {

// Fills contexts, dump_role, activity and busy_wait of a CPU whose stack is there.
void cut_into_contexts(const model::Snapshot& snapshot, model::Cpu& cpu);

// The role that the segment's code plays in the taking of the dump, if any.
model::DumpRole dump_role_of(const model::Snapshot& snapshot, const model::Cpu& cpu,
                             const model::ContextSegment& segment);

// Makes the next outer context the activity: for an interrupt that was only passing through. False when there is none.
bool move_activity_outward(const model::Snapshot& snapshot, model::Cpu& cpu);

}  // namespace whyhung::collect
