// SPDX-License-Identifier: GPL-2.0-or-later
// The unwinder of ppc64le: back chain, exception frames and the code of functions that were interrupted.
#pragma once

#include "unwind/unwinders.h"

namespace whyhung::unwind {

// Needs symbols: they tell which words are return addresses, and where functions begin.
Result<std::unique_ptr<Unwinder>> make_backchain_unwinder(const UnwindInputs& inputs);

}  // namespace whyhung::unwind
