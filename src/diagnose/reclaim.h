// SPDX-License-Identifier: GPL-2.0-or-later
// Tasks that went to free memory and have not come back.
#pragma once

#include <optional>

#include "diagnose/detector.h"

namespace whyhung::diagnose {

// The link that says that `task` sleeps in the middle of reclaiming memory; nothing when it does not.
std::optional<Link> inside_reclaim(const Case& facts, const model::Task& task);

}  // namespace whyhung::diagnose
