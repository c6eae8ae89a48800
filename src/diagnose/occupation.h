// SPDX-License-Identifier: GPL-2.0-or-later
// The links that say why a CPU does not come free: who has it, since when, why nobody can take it away, and the loop.
// Every detector whose cause is an occupied CPU ends its chain with them.
#pragma once

#include "diagnose/cpu_condition.h"
#include "diagnose/finding.h"

namespace whyhung::diagnose {

struct Occupation {
  std::vector<Link> links;
  std::vector<Advice> advice;
  model::Certainty confidence = model::Certainty::kPossible;
};

Occupation explain_occupation(const model::Snapshot& snapshot, const CpuCondition& condition);

// Only whether the CPU could take interrupts, whether it takes ticks, and what others want of it.
std::vector<Link> explain_readiness(const model::Snapshot& snapshot, const CpuCondition& condition);

}  // namespace whyhung::diagnose
