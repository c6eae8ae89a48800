// SPDX-License-Identifier: GPL-2.0-or-later
// The unwinder of riscv64, by frame pointers and the code of interrupted functions.
#pragma once

#include "unwind/unwinders.h"

namespace whyhung::unwind {

// Needs symbols: they tell return addresses from other words, and which code is the entry of exceptions.
Result<std::unique_ptr<Unwinder>> make_riscv64_unwinder(const UnwindInputs& inputs);

}  // namespace whyhung::unwind
