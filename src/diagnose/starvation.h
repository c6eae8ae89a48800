// SPDX-License-Identifier: GPL-2.0-or-later
// Chains that end at a task which could run and gets no CPU, although nothing holds one for good: its control group has
// used its quota, or the scheduler prefers others. (CPUs that are held are other detectors' matter, real-time tasks
// too.)
#pragma once

#include "diagnose/detector.h"

namespace whyhung::diagnose {

// Whether the scheduler itself keeps a task from running while another waits for it, for `waited` ns.
bool is_starved(const Case& facts, const model::Task& task, std::uint64_t waited);

// Ends a chain at such a task, beside which so many others starve on its CPU.
void end_at_starved(const Case& facts, const model::Task& task, Finding& finding, std::size_t others = 0);

}  // namespace whyhung::diagnose
