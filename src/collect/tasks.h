// SPDX-License-Identifier: GPL-2.0-or-later
// Tasks: all of them as values, with the stacks of those that no CPU runs.
#pragma once

#include "collect/stacks.h"
#include "collect/workbench.h"

namespace whyhung::collect {

// Fills Snapshot::tasks: idle tasks by CPU, then the others by pid. Stacks of running tasks are left to the CPUs.
void collect_tasks(Workbench& bench);

// One task's own facts, without its stack; nothing when its task_struct cannot be read.
std::optional<model::Task> read_task(Workbench& bench, VirtualAddress task);

// Where the kernel keeps no record of a thread's function: what the start of the thread called, by its stack.
void name_thread_function_by_stack(const Workbench& bench, model::Task& task);

}  // namespace whyhung::collect
