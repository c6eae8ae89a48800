// SPDX-License-Identifier: GPL-2.0-or-later
// What made the kernel panic: read from the stack of the CPU that panicked, from panic() outward.
#pragma once

#include <optional>

#include "model/snapshot.h"

namespace whyhung::collect {

// Nothing where no CPU has panic() on its stack, or its stack does not tell.
std::optional<model::Crash> find_crash(const model::Snapshot& snapshot, std::uint32_t panic_cpu);

}  // namespace whyhung::collect
