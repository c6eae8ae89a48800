// SPDX-License-Identifier: GPL-2.0-or-later
// The unwinder of s390x, by the back chain.
#pragma once

#include "unwind/unwinders.h"

namespace whyhung::unwind {

// Needs symbols: they tell return addresses from other words.
Result<std::unique_ptr<Unwinder>> make_s390x_unwinder(const UnwindInputs& inputs);

}  // namespace whyhung::unwind
