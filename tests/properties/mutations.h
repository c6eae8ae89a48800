// SPDX-License-Identifier: GPL-2.0-or-later
// The same machine told otherwise: in another order, with other names, with somebody innocent added, with a fact less.
#pragma once

#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "model/snapshot.h"

namespace whyhung::test {

using Random = std::mt19937_64;

// Everything that has no order of its own, shuffled.
void shuffle(model::Snapshot& snapshot, Random& random);

// A snapshot's text with tasks and resources at other addresses and modules under other names. `back`: from the new
// addresses of tasks to the old ones.
std::string with_other_names(const std::string& text, const model::Snapshot& snapshot,
                             std::map<std::uint64_t, std::uint64_t>& back);

struct Mutation {
  std::string what;  // "without wait 3"
  std::function<void(model::Snapshot&)> apply;
  bool shifts = false;  // what others name by its place has another place then
};

// One innocent each: a sleeper, a daemon that waits for its client, a mutex that is held for a moment, an old wait of a
// task that nobody waits for.
std::vector<Mutation> innocents();

// Each takes one fact away: a wait, a holder, a resource with all that leads to it, a stack, registers, a clock.
std::vector<Mutation> losses(const model::Snapshot& snapshot);

}  // namespace whyhung::test
