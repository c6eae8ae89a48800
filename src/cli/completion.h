// SPDX-License-Identifier: GPL-2.0-or-later
// Completions for shells, written from the tables of options and commands.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/described.h"
#include "cli/options.h"

namespace whyhung::cli {

// A script that the shell sources. `crash_commands` are what -c takes as its first word.
std::string completion_for(Shell shell, std::span<const DescribedCommand> commands,
                           const std::vector<std::string>& crash_commands);

}  // namespace whyhung::cli
