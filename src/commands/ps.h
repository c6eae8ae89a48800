// SPDX-License-Identifier: GPL-2.0-or-later
// The table of tasks: shared by ps and foreach.
#pragma once

#include "commands/command.h"

namespace whyhung::commands {

void write_task_table(Context& context, const std::vector<const model::Task*>& tasks);

}  // namespace whyhung::commands
