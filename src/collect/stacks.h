// SPDX-License-Identifier: GPL-2.0-or-later
// Stacks of the machine turned into values: from an unwinder's frames to a model::StackTrace.
#pragma once

#include "collect/workbench.h"

namespace whyhung::collect {

// How much of a stack to keep. Registers are kept for stacks that somebody will look at, not for all sleeping tasks.
enum class StackDetail : std::uint8_t { kFrames, kFramesAndRegisters };

// The stack of a task that no CPU runs.
model::StackTrace stack_of_sleeping_task(Workbench& bench, VirtualAddress task, StackDetail detail);

// The same for somebody who only looks: the places of its frames go into `places`, and the snapshot stays as it is.
model::StackTrace stack_of_sleeping_task(Workbench& bench, VirtualAddress task, StackDetail detail,
                                         std::vector<model::CodeLocation>& places);

// What is at an address of code: see Workbench::locate.
model::CodeLocation place_at(const Workbench& bench, VirtualAddress shown, VirtualAddress lookup);
// The source lines of a place, when there is debug information.
std::vector<model::SourceLine> lines_at(Workbench& bench, VirtualAddress address);

// A walk that was done already.
model::StackTrace to_model(Workbench& bench, const unwind::Stack& stack, StackDetail detail);

// All known registers by name.
std::vector<model::RegisterValue> to_model(const arch::Architecture& architecture, const arch::RegisterSet& registers);

// Says once of how many tasks the stack could not be followed because of a tracer.
void note_taken_returns(Workbench& bench);

}  // namespace whyhung::collect
