// SPDX-License-Identifier: GPL-2.0-or-later
// The two things that the program does, each as a story: find out why a machine hung, and pack a dump into a capsule.
#pragma once

#include "cli/options.h"

namespace whyhung::cli {

// Both return the exit status: 0 explained (or commands ran), 1 no hang found or undetermined, 2 input cannot be read.
int analyze(const AnalyzeOptions& options);
int pack(const PackOptions& options);

}  // namespace whyhung::cli
