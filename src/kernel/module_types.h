// SPDX-License-Identifier: GPL-2.0-or-later
// Where the kernel keeps the types of its modules (kernel/bpf/btf.c, CONFIG_DEBUG_INFO_BTF_MODULES).
#pragma once

#include <optional>

#include "kernel/fields.h"

namespace whyhung::kernel {

// The types of the module whose struct module is at `module`: BTF that continues the kernel's own.
std::optional<VirtualRange> find_module_types(const Access& access, VirtualAddress module);

}  // namespace whyhung::kernel
