// SPDX-License-Identifier: GPL-2.0-or-later
// A file may tell of several boots of a machine; they are never joined.
#pragma once

#include <span>
#include <vector>

#include "log/record.h"

namespace whyhung::log {

std::vector<std::span<const Record>> split_boots(const std::vector<Record>& records);

}  // namespace whyhung::log
