// SPDX-License-Identifier: GPL-2.0-or-later
// What made the kernel panic: read from the stack of the CPU that panicked, from panic() outward.
#pragma once

#include <optional>

#include "model/snapshot.h"

namespace whyhung::collect {

// Nothing where no CPU has panic() on its stack, or its stack does not tell.
std::optional<model::Crash> find_crash(const model::Snapshot& snapshot, std::uint32_t panic_cpu);

// What the handler of an exception says of it; nothing: it is none.
std::optional<model::CrashKind> kind_of_handler(const names::Meanings& code);
// The innermost frame from `frame` on that acts for itself; nothing when that is `frame`, or none does.
std::optional<std::uint32_t> who_called(const model::Snapshot& snapshot, const model::Cpu& cpu, std::uint32_t frame);

}  // namespace whyhung::collect
