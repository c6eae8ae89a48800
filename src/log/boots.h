// SPDX-License-Identifier: GPL-2.0-or-later
// A file may tell of several boots of a machine; they are never joined.
#pragma once

#include <span>
#include <vector>

#include "log/record.h"

namespace whyhung::log {

std::vector<std::span<const Record>> split_boots(const std::vector<Record>& records);

// In a journal of the whole machine only the kernel's lines have the kernel's clock. The others get it from the lines
// that have both, so that all of a boot can be compared.
void fill_in_uptimes(std::vector<Record>& records);

}  // namespace whyhung::log
