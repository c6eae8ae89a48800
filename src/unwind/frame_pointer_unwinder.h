// SPDX-License-Identifier: GPL-2.0-or-later
// The unwinder of x86_64 kernels that have no unwind tables: frame pointers, proven by the calls before return
// addresses.
#pragma once

#include "unwind/unwinders.h"

namespace whyhung::unwind {

// Needs symbols: they tell which words are return addresses, and where functions begin.
Result<std::unique_ptr<Unwinder>> make_frame_pointer_unwinder(const UnwindInputs& inputs);

}  // namespace whyhung::unwind
