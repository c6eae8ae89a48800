// SPDX-License-Identifier: GPL-2.0-or-later
// A chain in one line: "rmmod (127) -> stop_machine() -> CPU 2 -> pmount_kthread (115)".
#pragma once

#include <string>

#include "diagnose/finding.h"
#include "model/index.h"

namespace whyhung::report {

// At most `width` columns: what does not fit is left out in the middle. Empty when the chain has fewer than two ends.
std::string route_phrase(const model::Index& index, const diagnose::Finding& finding, std::size_t width);

}  // namespace whyhung::report
