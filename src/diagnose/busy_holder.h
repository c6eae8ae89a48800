// SPDX-License-Identifier: GPL-2.0-or-later
// Chains that end at a task which works on and on and does not come to give back what others wait for, although it lets
// the scheduler run.
#pragma once

#include "diagnose/detector.h"

namespace whyhung::diagnose {

// Whether a task that runs, or takes its turns on its CPU, has kept what is waited for since before all its waiters
// came: a queue that moves has young waiters too.
bool keeps_busy(const Case& facts, const model::Task& task, model::NodeId resource);

// Ends a chain at such a task. The class is left to the caller.
void end_at_busy(const Case& facts, const model::Task& task, Finding& finding);

}  // namespace whyhung::diagnose
