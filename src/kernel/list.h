// SPDX-License-Identifier: GPL-2.0-or-later
// Walks of the kernel's linked structures (include/linux/list.h, llist.h), bounded and guarded against circles.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/memory_reader.h"
#include "base/walk_limit.h"

namespace whyhung::kernel {

// What came of a walk. The nodes that were reached before it broke off are always kept.
struct ListWalk {
  std::vector<VirtualAddress> nodes;
  std::string broken;  // empty: the walk came back to the head; else why it stopped, with the address
  bool complete() const { return broken.empty(); }
};

// The nodes of a circular struct list_head list, without its head.
ListWalk walk_list(const VirtualMemory& memory, VirtualAddress head, std::uint64_t most_nodes);

// The nodes of a NULL-terminated chain of `next` pointers (llist, hlist): `first` is the first node.
ListWalk walk_chain(const VirtualMemory& memory, VirtualAddress first, std::uint64_t most_nodes);

}  // namespace whyhung::kernel
