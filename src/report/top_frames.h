// SPDX-License-Identifier: GPL-2.0-or-later
// The frames of a stack that say most, for two stacks side by side.
#pragma once

#include <optional>

#include "diagnose/finding.h"
#include "model/index.h"
#include "report/screen.h"

namespace whyhung::report {

// Of a task that runs, from what its CPU was doing when it was caught; of one that sleeps, from the last of the
// kernel's own functions of sleeping. Nothing when no stack is known.
std::optional<Screen::Stack> top_frames(const model::Index& index, const model::Task& task);
// The same of a culprit, from the function that is accused.
std::optional<Screen::Stack> top_frames(const model::Index& index, const diagnose::Culprit& culprit);

}  // namespace whyhung::report
