// SPDX-License-Identifier: GPL-2.0-or-later
// The second front door: a text that a kernel wrote, instead of a dump.
#pragma once

#include <optional>

#include "base/result.h"
#include "cli/options.h"

namespace whyhung::cli {

// Judges what was named if it is a log, a folder that holds logs and no dump, or a dump that cannot be opened, for the
// reason given, and has its log beside it. Returns the exit status; nothing when it is something else.
std::optional<int> analyze_log(const AnalyzeOptions& options, const Error& unopened);

}  // namespace whyhung::cli
