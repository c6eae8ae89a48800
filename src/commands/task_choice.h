// SPDX-License-Identifier: GPL-2.0-or-later
// Choosing tasks by the words that crash's users type: a pid, a task_struct's address, a name, a state, "active".
#pragma once

#include "commands/command.h"

namespace whyhung::commands {

// The task that a pid or a hexadecimal address means. kNotFound names what was asked for.
Result<const model::Task*> task_by_pid_or_address(const model::Snapshot& snapshot, std::string_view word);

// Tasks that any of the words means: pid, address, "active", "kernel", "user", a state (RU, IN, UN, ID, ST, TR, ZO, DE,
// PA), or a command name. Words that name no task are an error.
Result<std::vector<const model::Task*>> choose_tasks(const model::Snapshot& snapshot,
                                                     std::span<const std::string> words);

// Tasks that run on CPUs, by CPU number.
std::vector<const model::Task*> active_tasks(const model::Snapshot& snapshot);
const model::Cpu* cpu_running(const model::Snapshot& snapshot, const model::Task& task);
// The task that panicked, else the one on the lowest CPU: what commands without arguments speak of.
const model::Task* default_task(const model::Snapshot& snapshot);

// Two letters as crash writes them.
std::string_view state_letters(model::TaskState state);

}  // namespace whyhung::commands
