// SPDX-License-Identifier: GPL-2.0-or-later
// A crash of which no panic() tells: where a capture kernel is loaded, an Oops starts it by itself, and the registers
// that the kernel noted of that CPU are those of the exception.
#pragma once

#include <optional>

#include "collect/workbench.h"

namespace whyhung::collect {

// Nothing where the registers of that CPU are not proven to be an exception's: by the struct pt_regs that lies below
// their stack pointer and says the same, or by a stack pointer beyond the end of its stack.
std::optional<model::Crash> find_crash_by_registers(Workbench& bench, std::uint32_t panic_cpu);

}  // namespace whyhung::collect
