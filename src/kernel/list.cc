// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/list.h"

#include <algorithm>
#include <unordered_set>

namespace whyhung::kernel {
namespace {

// A circle is noticed only after some rounds: what was passed more than once is kept once.
void drop_repetitions(std::vector<VirtualAddress>& nodes) {
  std::unordered_set<VirtualAddress> seen;
  std::erase_if(nodes, [&](VirtualAddress node) { return !seen.insert(node).second; });
}

// Both kinds of list start with their `next` pointer.
ListWalk walk(const VirtualMemory& memory, VirtualAddress node, VirtualAddress end, std::uint64_t most_nodes) {
  ListWalk result;
  WalkLimit limit(most_nodes);
  while (node != end) {
    if (node.is_null()) {
      result.broken = "a NULL pointer in the middle of the list";
      return result;
    }
    const auto verdict = limit.step(node);
    if (verdict == WalkLimit::Verdict::kCycle) {
      result.broken = fmt::format("the list runs in a circle at {:#x}", node.value);
      drop_repetitions(result.nodes);
      return result;
    }
    if (verdict == WalkLimit::Verdict::kTooLong) {
      result.broken = fmt::format("more than {} entries", most_nodes);
      return result;
    }
    const auto next = memory.read_pointer(node);
    if (!next) {
      result.broken = fmt::format("{:#x}: {}", node.value, describe(next.error().kind));
      return result;
    }
    result.nodes.push_back(node);
    node = *next;
  }
  return result;
}

}  // namespace

ListWalk walk_list(const VirtualMemory& memory, VirtualAddress head, std::uint64_t most_nodes) {
  const auto first = memory.read_pointer(head);
  if (!first) {
    return {{}, fmt::format("{:#x}: {}", head.value, describe(first.error().kind))};
  }
  return walk(memory, *first, head, most_nodes);
}

ListWalk walk_chain(const VirtualMemory& memory, VirtualAddress first, std::uint64_t most_nodes) {
  return walk(memory, first, VirtualAddress(0), most_nodes);
}

}  // namespace whyhung::kernel
