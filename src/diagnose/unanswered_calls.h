// SPDX-License-Identifier: GPL-2.0-or-later
// Function calls between CPUs that one does not answer, for all detectors of CPUs that cannot.
#pragma once

#include "diagnose/detector.h"

namespace whyhung::diagnose {

// A CPU that spins until another has run a function for it.
struct UnansweredCall {
  std::uint32_t caller = 0;
  const model::Wait* wait = nullptr;
  const model::Resource* request = nullptr;
};

// The calls to CPU `target` whose callers still spin.
std::vector<UnansweredCall> unanswered_calls(const Case& facts, std::uint32_t target);

// One link for each of them; the callers are victims.
void add_callers(const Case& facts, std::uint32_t target, Finding& finding);

}  // namespace whyhung::diagnose
