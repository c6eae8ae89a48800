// SPDX-License-Identifier: GPL-2.0-or-later
// The address space of s390x: region, segment and page tables.
#pragma once

#include "arch/architecture.h"

namespace whyhung::arch {

Result<std::unique_ptr<AddressSpace>> make_s390x_address_space(const PhysicalMemory& memory, const MachineFacts& facts);

}  // namespace whyhung::arch
