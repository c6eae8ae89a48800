// SPDX-License-Identifier: GPL-2.0-or-later
// What shows that something moved lately, and since when it stands still. One place answers it for all detectors.
#pragma once

#include "diagnose/detector.h"

namespace whyhung::diagnose {

// A task that sleeps until a time has come, and is woken by nothing else: msleep() and its like.
bool sleeps_by_time(const model::Snapshot& snapshot, const model::Task& task);

// Whether the holder of what `wait` is for stands in the very function that wanted it there: one of a queue of equals,
// which has come to its turn, as far as can be told.
bool takes_its_turn(const Case& facts, const model::Task& holder, const model::Wait& wait);

// For how long nothing has moved in the chain that a wait begins, ns: neither did the wait begin since then nor did the
// one at the chain's end run. Nothing when the age of the wait is not known, which may be any.
std::optional<std::uint64_t> standing_time(const Case& facts, const model::Wait& wait);

// How long who waits for what only has not come is given, ns, before somebody is accused of it: what the kernel itself
// calls a hung task where it is set to less than what no lawful work takes.
std::uint64_t patience(const model::Machine& machine);

}  // namespace whyhung::diagnose
