// SPDX-License-Identifier: GPL-2.0-or-later
// What happened, in one short sentence without a full stop.
#pragma once

#include <string>

#include "diagnose/finding.h"
#include "model/index.h"

namespace whyhung::report {

std::string headline_phrase(const model::Index& index, const diagnose::Finding& finding);

}  // namespace whyhung::report
