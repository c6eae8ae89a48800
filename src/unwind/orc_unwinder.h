// SPDX-License-Identifier: GPL-2.0-or-later
// The unwinder of x86_64: ORC tables of the kernel and its modules, read from the dump.
#pragma once

#include "unwind/unwinders.h"

namespace whyhung::unwind {

// Finds the tables through __start_orc_unwind_ip and its companions, and their version through the hash in front of
// them, else through the type orc_entry.
Result<std::unique_ptr<Unwinder>> make_orc_unwinder(const UnwindInputs& inputs);

}  // namespace whyhung::unwind
