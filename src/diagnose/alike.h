// SPDX-License-Identifier: GPL-2.0-or-later
// Findings of one kind: five hundred tasks that wait in the same place, each for something of its own, are told once.
#pragma once

#include <vector>

#include "diagnose/finding.h"
#include "model/index.h"

namespace whyhung::diagnose {

// Of findings that are alike the first stays, with the others as its `also`; a few may stand beside each other.
void fold_alike(const model::Index& index, std::vector<Finding>& findings);

}  // namespace whyhung::diagnose
