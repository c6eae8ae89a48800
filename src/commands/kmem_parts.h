// SPDX-License-Identifier: GPL-2.0-or-later
// What kmem consists of: one function for each thing that it shows.
#pragma once

#include "commands/command.h"

namespace whyhung::commands {

// -s, -S: caches of objects, by name; -S with each slab and object.
Result<void> show_caches(Call& call, const std::vector<std::string>& names, bool with_objects);
// The cache, the slab and the object that an address lies in; nothing: in none. With -S: all of the slab's objects.
Result<bool> show_object_at(Call& call, std::uint64_t address, bool with_objects);

// -z, -n, -f: zones, nodes with their sections, free areas.
Result<void> show_zones(Call& call);
Result<void> show_nodes(Call& call);
Result<void> show_free(Call& call);

// -g, -o, -p, -v: flags of pages, places of per-CPU variables, struct pages, areas of vmalloc.
Result<void> show_flags(Call& call, const std::vector<std::string>& words);
Result<void> show_offsets(Call& call);
Result<void> show_pages(Call& call);
struct VirtualArea {
  std::uint64_t address = 0;  // struct vmap_area
  std::uint64_t use = 0;      // struct vm_struct
  std::uint64_t start = 0, end = 0;
};
Result<std::vector<VirtualArea>> virtual_areas(const Call& call, std::string& broken);
Result<void> show_virtual_areas(Call& call);
void show_virtual_area(Call& call, const VirtualArea& area);
inline constexpr std::string_view kAreaHeading =
    "   VMAP_AREA         VM_STRUCT                 ADDRESS RANGE                SIZE\n";

// What an address is: symbol, object of a cache, task or stack, area, page.
Result<void> show_address(Call& call, std::uint64_t address);

}  // namespace whyhung::commands
