// SPDX-License-Identifier: GPL-2.0-or-later
// The snapshots that are stored under tests/scenarios: machines that really hung, and their healthy twins.
#pragma once

#include <string>
#include <vector>

#include "model/snapshot.h"

namespace whyhung::test {

// Names of all, sorted.
std::vector<std::string> stored_scenarios();
std::string text_of_scenario(const std::string& name);
// Of text that was written by this program; a test fails where it cannot be read.
model::Snapshot snapshot_of(const std::string& text);

}  // namespace whyhung::test
