// SPDX-License-Identifier: GPL-2.0-or-later
// The memory of a machine of POWER with a hash MMU, before v4.7: what lies at virtual addresses of a FakeMachine
// becomes pages of a dump. Vmalloc space gets the tables that Linux keeps beside the hash table.
#pragma once

#include "support/fake_machine.h"
#include "support/memory_image.h"

namespace whyhung::test {

// `root` is the address of swapper_pg_dir, one page of 64 KB that belongs to nothing else. Tables and the pages of
// vmalloc space come to lie at `free_memory`, a physical address, and above.
MemoryImage power_image(FakeMachine& machine, std::uint64_t root, std::uint64_t free_memory);

}  // namespace whyhung::test
