// SPDX-License-Identifier: GPL-2.0-or-later
// All symbols in order of addresses, the kernel's first; of several at one address the one that names it best.
#pragma once

#include <functional>

#include "collect/workbench.h"

namespace whyhung::commands {

// Calls `visit` with each until it says false.
void visit_symbols(collect::Workbench& machine, const std::function<bool(const debuginfo::Symbol&)>& visit);

}  // namespace whyhung::commands
