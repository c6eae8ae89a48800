// SPDX-License-Identifier: GPL-2.0-or-later
// The memory of a machine of x86_64 with four levels of page tables, before v4.9, when the direct map began at
// 0xffff880000000000: what lies at virtual addresses of a FakeMachine becomes pages of a dump.
#pragma once

#include "support/fake_machine.h"
#include "support/memory_image.h"

namespace whyhung::test {

// `root` is the address of init_level4_pgt in the kernel image, which was moved by `phys_base`, a multiple of 2 MB.
// Image and direct map are mapped by large pages, modules by small ones. Tables and the pages of modules come to lie at
// `free_memory`, a physical address, and above. What lies in the lower half, as linked per-CPU variables do, is left
// out.
MemoryImage x86_image(FakeMachine& machine, std::uint64_t root, std::uint64_t phys_base, std::uint64_t free_memory);

}  // namespace whyhung::test
