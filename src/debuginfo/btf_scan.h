// SPDX-License-Identifier: GPL-2.0-or-later
// find_btf: the kernel's own types, found in its image by their header, for kernels whose symbol table does not name
// __start_BTF.
#pragma once

#include "base/memory_reader.h"
#include "base/result.h"

namespace whyhung::debuginfo {

// The lowest place in `image` that begins with a BTF header of a whole kernel's size (modules bring small ones of their
// own). kNotFound when there is none.
Result<VirtualRange> find_btf(const VirtualMemory& memory, VirtualRange image);

}  // namespace whyhung::debuginfo
