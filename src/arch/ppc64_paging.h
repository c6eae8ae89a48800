// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel address space of 64-bit Book3S POWER, with either of its MMUs.
#pragma once

#include "arch/architecture.h"

namespace whyhung::arch {

Result<std::unique_ptr<AddressSpace>> make_ppc64_address_space(const PhysicalMemory& memory, const MachineFacts& facts);

}  // namespace whyhung::arch
