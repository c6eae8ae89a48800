// SPDX-License-Identifier: GPL-2.0-or-later
// Walks of the kernel's trees, bounded and guarded against circles: red-black trees (include/linux/rbtree.h) in order,
// and maple trees (include/linux/maple_tree.h), which hold a process's mappings since v6.1, by their ranges.
#pragma once

#include <string>
#include <vector>

#include "kernel/fields.h"

namespace whyhung::kernel {

// What came of a walk. What was reached before it broke off is always kept.
struct TreeWalk {
  std::vector<VirtualAddress> nodes;
  std::string broken;  // empty: complete
};

class RedBlackTreeView {
 public:
  static RedBlackTreeView bind(Binder& binder);
  bool usable() const { return left_.exists() && right_.exists(); }
  // The nodes of the tree whose root node is `root`, in order: rb_root.rb_node, not the rb_root itself.
  TreeWalk nodes(const VirtualMemory& memory, VirtualAddress root, std::size_t most_nodes) const;
  // rb_root.rb_node of a root.
  ReadResult<VirtualAddress> root_node(const VirtualMemory& memory, VirtualAddress root) const {
    return node_.read_pointer(memory, root);
  }

 private:
  Field left_, right_, node_;
};

class MapleTreeView {
 public:
  static MapleTreeView bind(Binder& binder);
  bool usable() const { return root_.exists() && leaf_slots_.exists() && range_slots_.exists(); }
  struct Entry {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::uint64_t value = 0;  // as it stands in the tree
  };
  struct Walk {
    std::vector<Entry> entries;  // in order; without empty ranges
    std::string broken;
  };
  Walk entries(const VirtualMemory& memory, VirtualAddress tree, std::size_t most_entries) const;

 private:
  struct Shape {
    const Field* pivots = nullptr;
    const Field* slots = nullptr;
    bool is_leaf = false;
  };
  struct Walker;
  Field root_;
  Field leaf_slots_;                  // maple_node.slot: of dense leaves
  Field range_pivots_, range_slots_;  // of leaves and inner nodes that hold ranges
  Field gap_pivots_, gap_slots_;      // of inner nodes that also count gaps
};

}  // namespace whyhung::kernel
