// SPDX-License-Identifier: GPL-2.0-or-later
// Variables that no symbol table names, read out of the machine code that uses them. Kernels without
// CONFIG_KALLSYMS_ALL name functions only, and not all variables that matter are exported or described by the types.
// What code points to is only a guess; it counts when what lies there is what the variable must be.
#pragma once

#include <memory>

#include "arch/architecture.h"
#include "kernel/fields.h"

namespace whyhung::kernel {

// The variables that could be found and that `access.symbols` does not know; null when there are none. `architecture`
// may have no way to read addresses out of code: then none are found.
std::shared_ptr<debuginfo::SymbolSource> find_in_code(const Access& access, const arch::Architecture& architecture);

}  // namespace whyhung::kernel
