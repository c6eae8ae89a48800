// SPDX-License-Identifier: GPL-2.0-or-later
// What memory still tells of a CPU whose registers nobody saved, and on whose stack no interrupt left any.
#pragma once

#include <string>

#include "collect/workbench.h"

namespace whyhung::collect {

// Sentences, each with "; " before it: where its task last let another one run, and what the kernel's log last said of
// the CPU. Hints that prove nothing; empty when there are none.
std::string describe_memory_traces(Workbench& bench, std::uint32_t cpu, VirtualAddress task);

}  // namespace whyhung::collect
