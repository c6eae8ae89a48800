// SPDX-License-Identifier: GPL-2.0-or-later
// What the detectors found is settled here: what can still act is no hang, nothing is certain that an unknown could
// free, and of several findings the surest comes first.
#pragma once

#include "diagnose/detector.h"

namespace whyhung::diagnose {

void settle(const Case& facts, std::vector<Finding>& findings);

}  // namespace whyhung::diagnose
