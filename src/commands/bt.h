// SPDX-License-Identifier: GPL-2.0-or-later
// Stacks of several tasks, one below the other: shared by bt and foreach.
#pragma once

#include "commands/command.h"
#include "report/backtrace.h"

namespace whyhung::commands {

void write_backtraces(Context& context, const std::vector<const model::Task*>& tasks, report::SourceLines lines);

}  // namespace whyhung::commands
