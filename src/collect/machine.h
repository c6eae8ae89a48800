// SPDX-License-Identifier: GPL-2.0-or-later
// The machine as a whole: names, times, load, memory, panic; and the kernel's log.
#pragma once

#include "collect/workbench.h"

namespace whyhung::collect {

// What the dump file alone says; works without types.
void describe_dump(const target::Target& target, std::string_view shown_name, model::Machine& machine);

// Fills the rest of Snapshot::machine. After collect_cpus(): the panicking task is the one on the panicking CPU.
void collect_machine(Workbench& bench);

// Loaded modules as values.
void collect_modules(Workbench& bench);

// The letters that the kernel prints for its taints, or for those of a module.
std::string taint_letters(std::uint64_t taints);

// The newest records of the kernel's log.
std::vector<model::LogRecord> read_log(Workbench& bench, std::size_t most_records);

}  // namespace whyhung::collect
