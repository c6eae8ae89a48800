// SPDX-License-Identifier: GPL-2.0-or-later
// From lines of a file to records of the kernel's log: in order of time, each once, put together where it was torn.
#pragma once

#include <vector>

#include "log/record.h"

namespace whyhung::log {

Decoded decode(std::vector<RawLine> lines);

}  // namespace whyhung::log
