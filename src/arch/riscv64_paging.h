// SPDX-License-Identifier: GPL-2.0-or-later
// The address space of riscv64: Sv39, Sv48 and Sv57 page tables.
#pragma once

#include "arch/architecture.h"

namespace whyhung::arch {

Result<std::unique_ptr<AddressSpace>> make_riscv64_address_space(const PhysicalMemory& memory,
                                                                 const MachineFacts& facts);

}  // namespace whyhung::arch
