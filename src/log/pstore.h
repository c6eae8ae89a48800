// SPDX-License-Identifier: GPL-2.0-or-later
// Records that firmware or reserved memory kept over a crash (pstore): each begins with a line "Panic#2 Part1", and
// part 1 is the newest.
#pragma once

#include <string_view>

#include "log/record.h"

namespace whyhung::log {

// "Panic#2 Part1", "Oops#1 Part3", "====1234.5678-D".
bool is_part_header(std::string_view text);

// Puts the parts of each dump in the order of time and takes their headers out.
void sort_parts(Decoded& decoded);

}  // namespace whyhung::log
