// SPDX-License-Identifier: GPL-2.0-or-later
// Machines made at random by somebody who knows what is wrong with them: locks, owners, queues, CPUs and times, so that
// a verdict can be held against the truth.
#pragma once

#include <set>

#include "diagnose/finding.h"
#include "properties/mutations.h"
#include "support/snapshot_builder.h"

namespace whyhung::test {

// What keeps the tasks of a machine from going on for good.
struct Truth {
  std::set<std::uint64_t> roots;          // tasks that may be accused
  std::set<diagnose::HangClass> classes;  // and of what
  bool is_hung() const { return !classes.empty(); }
};

struct MadeMachine {
  SnapshotBuilder builder;
  Truth truth;
  std::string story;  // for a failure's message
};

MadeMachine make_machine(Random& random);

}  // namespace whyhung::test
