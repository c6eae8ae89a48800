// SPDX-License-Identifier: GPL-2.0-or-later
// The things that the program does, each as a story: find out why a machine hung, pack a dump into a capsule, distil
// the types of a kernel, explain a word, print the completions of a shell.
#pragma once

#include "cli/options.h"

namespace whyhung::cli {

// All return the exit status: 0 explained (or done), 1 no hang found or undetermined, 2 input cannot be read.
int analyze(const AnalyzeOptions& options);
int pack(const PackOptions& options);
int distill(const DistillOptions& options);
int completion(const CompletionOptions& options);
int explain(const ExplainOptions& options);

}  // namespace whyhung::cli
