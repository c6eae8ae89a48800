// SPDX-License-Identifier: GPL-2.0-or-later
// The stacks of all tasks in the form of flame graphs: "asleep;ret_from_fork;kthread;worker_thread;schedule 12".
#pragma once

#include <iosfwd>

#include "diagnose/diagnose.h"
#include "model/index.h"

namespace whyhung::report {

void write_folded(std::ostream& out, const model::Index& index, const diagnose::Diagnosis& diagnosis);
// Of tasks of which nothing is known but that a log shows them.
void write_folded(std::ostream& out, const model::Snapshot& snapshot);

}  // namespace whyhung::report
