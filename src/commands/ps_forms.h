// SPDX-License-Identifier: GPL-2.0-or-later
// What the options of ps show in place of its table.
#pragma once

#include <set>

#include "commands/command.h"

namespace whyhung::commands {

using Tasks = std::vector<const model::Task*>;

// What every list of tasks says of one.
Value task_value(const model::Task& task);
// "[0 00:00:07.424]" for nanoseconds: days, hours, minutes, seconds, milliseconds.
std::string ago_text(std::uint64_t nanoseconds);
// "FIFO,RR" or "1,2".
Result<std::set<std::uint32_t>> parse_policies(std::string_view text);
std::string_view policy_name(std::uint32_t policy);

Result<void> show_states(Call& call, const Tasks& tasks);
Result<void> show_last_runs(Call& call, Tasks tasks);
Result<void> show_families(Call& call, const Tasks& tasks);
Result<void> show_times(Call& call, const Tasks& tasks);
Result<void> show_arguments(Call& call, const Tasks& tasks);
Result<void> show_limits(Call& call, const Tasks& tasks);

}  // namespace whyhung::commands
