// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/tree.h"

#include <algorithm>
#include <unordered_set>

namespace whyhung::kernel {
namespace {

constexpr std::size_t kDeepestTree = 128;  // a red-black tree of all memory's words would have 120 levels
constexpr std::size_t kDeepestMaple = 16;
constexpr std::uint64_t kMostSlots = 64;

// A maple tree's pointer to a node (enc_node): the address of the node in the bits above, what kind of node it is in
// bits 3 to 6; bit 1 says that it is a node at all.
constexpr std::uint64_t kNodeMask = 255;
constexpr unsigned kKindShift = 3;
constexpr std::uint64_t kKindMask = 0xf;
enum MapleKind : std::uint64_t { kDense = 0, kLeaf = 1, kRange = 2, kGaps = 3 };

constexpr bool is_node(std::uint64_t entry) {
  return (entry & 3) == 2 && entry > 4096;
}

}  // namespace

RedBlackTreeView RedBlackTreeView::bind(Binder& binder) {
  RedBlackTreeView view;
  view.left_ = binder.optional("rb_node", {"rb_left"});
  view.right_ = binder.optional("rb_node", {"rb_right"});
  view.node_ = binder.optional("rb_root", {"rb_node"});
  return view;
}

TreeWalk RedBlackTreeView::nodes(const VirtualMemory& memory, VirtualAddress root, std::size_t most_nodes) const {
  TreeWalk walk;
  std::vector<VirtualAddress> path;
  std::unordered_set<VirtualAddress> seen;
  VirtualAddress node = root;
  while (!node.is_null() || !path.empty()) {
    while (!node.is_null()) {
      if (!seen.insert(node).second) {
        walk.broken = fmt::format("the node at {:#x} is in the tree twice", node.value);
        return walk;
      }
      if (path.size() >= kDeepestTree || seen.size() > most_nodes) {
        walk.broken = path.size() >= kDeepestTree ? fmt::format("more than {} levels", kDeepestTree)
                                                  : fmt::format("more than {} nodes", most_nodes);
        return walk;
      }
      path.push_back(node);
      const auto left = left_.read_pointer(memory, node);
      if (!left) {
        walk.broken = fmt::format("node at {:#x}: {}", node.value, describe(left.error().kind));
        return walk;
      }
      node = *left;
    }
    node = path.back();
    path.pop_back();
    walk.nodes.push_back(node);
    const auto right = right_.read_pointer(memory, node);
    if (!right) {
      walk.broken = fmt::format("node at {:#x}: {}", node.value, describe(right.error().kind));
      return walk;
    }
    node = *right;
  }
  return walk;
}

MapleTreeView MapleTreeView::bind(Binder& binder) {
  MapleTreeView view;
  view.root_ = binder.optional("maple_tree", {"ma_root"});
  view.leaf_slots_ = binder.optional("maple_node", {"slot"});
  view.range_pivots_ = binder.optional("maple_range_64", {"pivot"});
  view.range_slots_ = binder.optional("maple_range_64", {"slot"});
  view.gap_pivots_ = binder.optional("maple_arange_64", {"pivot"});
  view.gap_slots_ = binder.optional("maple_arange_64", {"slot"});
  return view;
}

struct MapleTreeView::Walker {
  const MapleTreeView& view;
  const VirtualMemory& memory;
  std::size_t most;
  Walk walk;
  std::unordered_set<std::uint64_t> seen;

  void visit(std::uint64_t encoded, std::uint64_t first, std::uint64_t last, std::size_t depth) {
    if (!walk.broken.empty()) return;
    const std::uint64_t node = encoded & ~kNodeMask;
    const std::uint64_t kind = encoded >> kKindShift & kKindMask;
    if (depth >= kDeepestMaple || !seen.insert(node).second) {
      walk.broken = fmt::format("maple node at {:#x}: {}", node,
                                depth >= kDeepestMaple ? "too deep in the tree" : "it is in the tree twice");
      return;
    }
    const bool has_gaps = kind == kGaps;
    const Field& pivots = has_gaps ? view.gap_pivots_ : view.range_pivots_;
    const Field& slots = kind == kDense ? view.leaf_slots_ : has_gaps ? view.gap_slots_ : view.range_slots_;
    if (kind > kGaps || !slots.exists() || (kind != kDense && !pivots.exists())) {
      walk.broken = fmt::format("maple node at {:#x}: of no kind that is known", node);
      return;
    }
    const std::uint64_t count = std::min<std::uint64_t>(slots.element_count(), kMostSlots);
    std::uint64_t begin = first;
    for (std::uint64_t slot = 0; slot < count && walk.broken.empty(); ++slot) {
      std::uint64_t end = last;
      if (kind == kDense) {
        end = begin;
      } else if (slot < pivots.element_count()) {
        const auto pivot = memory.read_u64(pivots.in(VirtualAddress(node)) + slot * 8);
        if (!pivot) return fault(node, pivot.error());
        // A pivot of 0 behind the first slot ends the node before its last slot.
        if (*pivot != 0 || slot == 0) end = std::min(*pivot, last);
        if (*pivot == 0 && slot != 0) end = last;
      }
      if (end < begin) {
        walk.broken = fmt::format("maple node at {:#x}: its ranges are out of order", node);
        return;
      }
      const auto entry = memory.read_u64(slots.in(VirtualAddress(node)) + slot * 8);
      if (!entry) return fault(node, entry.error());
      take(*entry, begin, end, kind == kDense || kind == kLeaf, depth);
      if (end >= last) return;
      begin = end + 1;
    }
  }

  void take(std::uint64_t entry, std::uint64_t first, std::uint64_t last, bool is_leaf, std::size_t depth) {
    if (entry == 0) return;
    if (!is_leaf) {
      visit(entry, first, last, depth + 1);
      return;
    }
    if (walk.entries.size() >= most) {
      walk.broken = fmt::format("more than {} entries", most);
      return;
    }
    walk.entries.push_back({first, last, entry});
  }

  void fault(std::uint64_t node, const ReadFault& why) {
    walk.broken = fmt::format("maple node at {:#x}: {}", node, describe(why.kind));
  }
};

MapleTreeView::Walk MapleTreeView::entries(const VirtualMemory& memory, VirtualAddress tree,
                                           std::size_t most_entries) const {
  Walker walker{*this, memory, most_entries, {}, {}};
  const auto root = root_.read(memory, tree);
  if (!root) {
    walker.walk.broken = fmt::format("maple tree at {:#x}: {}", tree.value, describe(root.error().kind));
  } else if (is_node(*root)) {
    walker.visit(*root, 0, ~0ull, 0);
  } else if (*root != 0) {
    // A single entry, for index 0, needs no node.
    walker.walk.entries.push_back({0, 0, *root});
  }
  return std::move(walker.walk);
}

}  // namespace whyhung::kernel
