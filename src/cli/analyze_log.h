// SPDX-License-Identifier: GPL-2.0-or-later
// The second front door: a text that a kernel wrote, instead of a dump.
#pragma once

#include <optional>

#include "cli/options.h"

namespace whyhung::cli {

// Judges what was named if it is a log, or a folder that holds logs and no dump, and returns the exit status; nothing
// when it is something else.
std::optional<int> analyze_log(const AnalyzeOptions& options);

}  // namespace whyhung::cli
