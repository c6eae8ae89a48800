// SPDX-License-Identifier: GPL-2.0-or-later
// open_target() for a dump that is open already, whatever stands behind it.
#pragma once

#include "target/target.h"

namespace whyhung::target {

// `options.dump_files` is not looked at.
Result<Target> open_target(std::unique_ptr<dump::Dump> dump, const OpenOptions& options, StageClock& clock);

}  // namespace whyhung::target
