// SPDX-License-Identifier: GPL-2.0-or-later
// Memory may hold VMCOREINFO more than once: that of the kernel that crashed, and those of earlier boots whose memory
// nobody wiped.
#pragma once

#include "dump/vmcoreinfo.h"

namespace whyhung::dump {

// As find_vmcoreinfo_text(), but `accept` may refuse what was found: then the search goes on.
std::optional<FoundVmcoreInfo> find_accepted_vmcoreinfo(const Dump& dump,
                                                        const std::function<bool(PhysicalAddress)>& progress,
                                                        const std::function<bool(const FoundVmcoreInfo&)>& accept);

}  // namespace whyhung::dump
