// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/xarray.h"

#include <algorithm>
#include <unordered_set>

namespace whyhung::kernel {
namespace {

constexpr int kMostLevels = 11;  // 64 index bits in chunks of 6
constexpr std::uint64_t kMostSlots = 64;
constexpr std::uint64_t kFirstPointer = 4096;  // smaller internal entries mark siblings, retries and errors

// Entries with low bits 10 are internal: a node, when large enough to be a pointer (xa_is_node).
bool is_node(std::uint64_t entry) {
  return (entry & 3) == 2 && entry > kFirstPointer;
}
bool is_pointer(std::uint64_t entry) {
  return (entry & 3) == 0 && entry != 0;
}

}  // namespace

XArrayView XArrayView::bind(Binder& binder) {
  XArrayView view;
  view.head_ = binder.optional("xarray", {"xa_head"});
  view.slots_ = binder.optional("xa_node", {"slots"});
  return view;
}

XArrayView::Walk XArrayView::entries(const VirtualMemory& memory, VirtualAddress xarray, std::size_t most_entries,
                                     const std::function<void(std::span<const VirtualAddress>)>& will_read) const {
  Walk walk;
  const auto head = head_.read(memory, xarray);
  if (!head) {
    walk.broken = fmt::format("xarray at {:#x}: {}", xarray.value, describe(head.error().kind));
    return walk;
  }
  const std::uint64_t slots = std::min(slots_.element_count(), kMostSlots);
  std::vector<VirtualAddress> level;
  const auto sort_entry = [&](std::uint64_t entry, std::vector<VirtualAddress>& nodes) {
    if (is_node(entry)) nodes.emplace_back(entry - 2);
    if (is_pointer(entry)) walk.entries.emplace_back(entry);
  };
  sort_entry(*head, level);
  // A damaged tree may point back into itself, or hold a part many times: no node is read twice.
  std::unordered_set<VirtualAddress> seen;
  for (int depth = 0; depth < kMostLevels && !level.empty(); ++depth) {
    will_read(level);
    std::vector<VirtualAddress> next_level;
    for (const VirtualAddress node : level) {
      if (!seen.insert(node).second) {
        walk.broken = fmt::format("xarray node at {:#x}: it is in the tree twice", node.value);
        continue;
      }
      for (std::uint64_t slot = 0; slot < slots; ++slot) {
        const auto entry = memory.read_u64(slots_.in(node) + slot * 8);
        if (!entry) {
          walk.broken = fmt::format("xarray node at {:#x}: {}", node.value, describe(entry.error().kind));
          break;
        }
        sort_entry(*entry, next_level);
      }
      if (walk.entries.size() > most_entries || next_level.size() > most_entries) {
        walk.broken = fmt::format("more than {} entries", most_entries);
        return walk;
      }
    }
    level = std::move(next_level);
  }
  return walk;
}

}  // namespace whyhung::kernel
