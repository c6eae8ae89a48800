// SPDX-License-Identifier: GPL-2.0-or-later
// Ends of chains that lie below the block layer: no task is to blame there, but a device or what was done to it.
#pragma once

#include <optional>

#include "diagnose/detector.h"

namespace whyhung::diagnose {

// Whether a task is asleep in the block layer's own wait.
bool waits_for_io(const Case& facts, const model::Task& task);

// Ends a chain at a task that waits for I/O on a device that is not known.
void end_at_io(const Case& facts, const model::Task& task, Finding& finding);

// Ends a chain at the device that `wait` is for; false when the device may just be slow.
bool end_at_device(const Case& facts, const model::Wait& wait, Finding& finding);

// Tasks that wait for I/O for long, and that nobody else's lock leads to.
std::optional<Finding> stuck_in_io(const Case& facts);

}  // namespace whyhung::diagnose
