// SPDX-License-Identifier: GPL-2.0-or-later
// find_kallsyms: the kernel's symbol table, found in the kernel image by its looks. Kernels before v6.0 do not say in
// VMCOREINFO where it is.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "debuginfo/kallsyms.h"

namespace whyhung::debuginfo {

// Told now and then how many of how many bytes were searched. May be empty.
using ScanProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

// Searches `image` (from _stext on; the tables are in read-only data, so beginning at _etext or __start_rodata is
// quicker where it is known; at most 1 GB is searched). The tables count as found only when one of `known` is in them
// at its address. Pages that cannot be read are passed over. kNotFound when nothing fits.
Result<std::shared_ptr<Kallsyms>> find_kallsyms(const VirtualMemory& memory, VirtualRange image,
                                                std::span<const KnownSymbol> known, const ScanProgress& progress);

}  // namespace whyhung::debuginfo
