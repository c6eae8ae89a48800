// SPDX-License-Identifier: GPL-2.0-or-later
// Choosing tasks by the words that crash's users type: a pid, a task_struct's address, a name, a regular expression, a
// state, "active".
#pragma once

#include "commands/command.h"

namespace whyhung::commands {

// The task that a pid or a hexadecimal address means. kNotFound names what was asked for.
Result<const model::Task*> task_by_pid_or_address(const model::Snapshot& snapshot, std::string_view word);

// Tasks that any of the words means: pid, address, "active", "kernel", "user", "gleader", a state (RU, IN, UN, ID, ST,
// TR, ZO, DE, PA, NE; in either case), a command name, or a regular expression for one. Words that name no task are an
// error.
Result<std::vector<const model::Task*>> choose_tasks(const model::Snapshot& snapshot,
                                                     std::span<const std::string> words);
// Whether a word alone is a class or a state of tasks, of which there may be none.
bool is_task_class(std::string_view word);

// What a command that speaks of tasks is about: those that foreach chose, else those that its words mean, else the one
// that is set.
Result<std::vector<const model::Task*>> tasks_of(const Call& call);
// The task that `set` chose, else the one that panicked; null: none is known.
const model::Task* current_task(const Call& call);

// Tasks that run on CPUs, by CPU number.
std::vector<const model::Task*> active_tasks(const model::Snapshot& snapshot);
const model::Cpu* cpu_running(const model::Snapshot& snapshot, const model::Task& task);
// The task that panicked, else the one on the lowest CPU: what commands without arguments speak of.
const model::Task* default_task(const model::Snapshot& snapshot);

// Two letters as crash writes them.
std::string_view state_letters(model::TaskState state);
// "PID: 116      TASK: ffff…  CPU: 3    COMMAND: "pmount_kthread"": the line above whatever is said of a task.
std::string task_line(const model::Task& task);

}  // namespace whyhung::commands
