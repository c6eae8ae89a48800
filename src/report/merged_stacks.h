// SPDX-License-Identifier: GPL-2.0-or-later
// The stacks of all tasks, those that are alike once: twenty thousand sleeping tasks stand at some fifty places.
#pragma once

#include <string>
#include <vector>

#include "diagnose/diagnose.h"
#include "model/index.h"

namespace whyhung::report {

// What its tasks have to do with the hang; what matters most comes first.
enum class StackRole : std::uint8_t { kCulprit, kVictim, kUnexplained, kRunning, kWaits, kSleeps };
std::string_view words_of(StackRole role);

struct MergedStack {
  StackRole role = StackRole::kSleeps;
  std::vector<const model::Task*> tasks;  // in the snapshot's order
  std::vector<std::uint32_t> locations;   // indexes into Snapshot::locations, innermost first
};

// The most important first; of equal ones, those of most tasks.
std::vector<MergedStack> merge_stacks(const model::Index& index, const diagnose::Diagnosis& diagnosis);
// Of tasks of which nothing is known but that a log shows them.
std::vector<MergedStack> merge_stacks(const model::Snapshot& snapshot);

// "for 3.2 to 14.5 s": how long its tasks have not run; empty when that is not known.
std::string since_phrase(const model::Machine& machine, const MergedStack& stack);

}  // namespace whyhung::report
