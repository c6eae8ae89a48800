// SPDX-License-Identifier: GPL-2.0-or-later
// Walks of trees: whole ones in order, and every way in which a damaged one can go wrong.
#include "kernel/tree.h"

#include <gtest/gtest.h>

#include "support/fake_machine.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kBase = 0xffff888000010000;
constexpr std::uint64_t node(std::uint64_t i) {
  return kBase + 0x100 * i;
}

class RedBlackTreeTest : public testing::Test {
 protected:
  RedBlackTreeTest() : machine_("rb_node 24: rb_right@8:8 rb_left@16:8\nrb_root 8: rb_node@0:8\n") {}
  void put(std::uint64_t i, std::uint64_t left, std::uint64_t right) {
    machine_.memory.write_u64(node(i), 0);
    machine_.memory.write_u64(node(i) + 8, right == 0 ? 0 : node(right));
    machine_.memory.write_u64(node(i) + 16, left == 0 ? 0 : node(left));
  }
  TreeWalk walk(std::uint64_t root, std::size_t most = 100) {
    Binder binder(machine_.types);
    return RedBlackTreeView::bind(binder).nodes(machine_.memory, VirtualAddress(node(root)), most);
  }
  test::FakeMachine machine_;
};

TEST_F(RedBlackTreeTest, GivesItsNodesInOrder) {
  put(4, 2, 5);
  put(2, 1, 3);
  for (const std::uint64_t leaf : {1, 3, 5}) put(leaf, 0, 0);
  const TreeWalk found = walk(4);
  EXPECT_EQ(found.broken, "");
  std::vector<VirtualAddress> expected;
  for (const std::uint64_t i : {1, 2, 3, 4, 5}) expected.emplace_back(node(i));
  EXPECT_EQ(found.nodes, expected);
}

TEST_F(RedBlackTreeTest, ANodeThatIsItsOwnChildEndsTheWalk) {
  put(2, 1, 0);
  put(1, 0, 2);
  EXPECT_NE(walk(2).broken.find("in the tree twice"), std::string::npos) << walk(2).broken;
}

TEST_F(RedBlackTreeTest, AWildPointerKeepsWhatWasFoundBefore) {
  put(2, 1, 0);
  put(1, 0, 0);
  machine_.memory.write_u64(node(2) + 8, 0x1234567);
  const TreeWalk found = walk(2);
  EXPECT_EQ(found.nodes.size(), 2u);
  EXPECT_NE(found.broken.find("0x1234567"), std::string::npos) << found.broken;
}

TEST_F(RedBlackTreeTest, TooManyNodesAreALimit) {
  put(3, 2, 0);
  put(2, 1, 0);
  put(1, 0, 0);
  EXPECT_EQ(walk(3, 2).broken, "more than 2 nodes");
}

class MapleTreeTest : public testing::Test {
 protected:
  MapleTreeTest()
      : machine_(
            "maple_tree 16: ma_root@8:8\n"
            "maple_node 256: slot@8:[31x8]\n"
            "maple_range_64 256: pivot@8:[15x8] slot@128:[16x8]\n"
            "maple_arange_64 256: pivot@8:[9x8] slot@80:[10x8]\n") {
    for (std::uint64_t i = 0; i < 4; ++i) {
      for (std::uint64_t at = 0; at < 256; at += 8) machine_.memory.write_u64(node(i) + at, 0);
    }
  }
  static std::uint64_t encoded(std::uint64_t i, std::uint64_t kind) { return node(i) | kind << 3 | 2; }
  void root(std::uint64_t entry) { machine_.memory.write_u64(kTree + 8, entry); }
  void leaf(std::uint64_t i, std::uint64_t slot, std::uint64_t pivot, std::uint64_t value) {
    if (slot < 15) machine_.memory.write_u64(node(i) + 8 + slot * 8, pivot);
    machine_.memory.write_u64(node(i) + 128 + slot * 8, value);
  }
  void inner(std::uint64_t i, std::uint64_t slot, std::uint64_t pivot, std::uint64_t child) {
    machine_.memory.write_u64(node(i) + 8 + slot * 8, pivot);
    machine_.memory.write_u64(node(i) + 80 + slot * 8, child);
  }
  MapleTreeView::Walk walk(std::size_t most = 100) {
    Binder binder(machine_.types);
    return MapleTreeView::bind(binder).entries(machine_.memory, VirtualAddress(kTree), most);
  }
  static constexpr std::uint64_t kTree = 0xffff888000000000;
  test::FakeMachine machine_;
};

TEST_F(MapleTreeTest, GivesItsRangesInOrderWithoutGaps) {
  root(encoded(0, 3));
  inner(0, 0, 0x1fff, encoded(1, 1));
  inner(0, 1, ~0ull, encoded(2, 1));
  leaf(1, 0, 0xfff, 0);
  leaf(1, 1, 0x1fff, 0xffff888000aa0000);
  leaf(2, 0, 0x2fff, 0xffff888000bb0000);
  leaf(2, 1, ~0ull, 0);
  const auto found = walk();
  EXPECT_EQ(found.broken, "");
  ASSERT_EQ(found.entries.size(), 2u);
  EXPECT_EQ(found.entries[0].first, 0x1000u);
  EXPECT_EQ(found.entries[0].last, 0x1fffu);
  EXPECT_EQ(found.entries[0].value, 0xffff888000aa0000u);
  EXPECT_EQ(found.entries[1].first, 0x2000u);
  EXPECT_EQ(found.entries[1].last, 0x2fffu);
}

TEST_F(MapleTreeTest, AnEmptyTreeAndASingleEntryNeedNoNode) {
  root(0);
  EXPECT_TRUE(walk().entries.empty());
  root(0xffff888000aa0000);
  ASSERT_EQ(walk().entries.size(), 1u);
  EXPECT_EQ(walk().entries[0].last, 0u);
}

TEST_F(MapleTreeTest, ANodeThatLeadsToItselfEndsTheWalk) {
  root(encoded(0, 3));
  inner(0, 0, ~0ull, encoded(0, 3));
  EXPECT_NE(walk().broken.find("in the tree twice"), std::string::npos) << walk().broken;
}

TEST_F(MapleTreeTest, RangesOutOfOrderAndUnknownKindsAreSaid) {
  root(encoded(0, 1));
  leaf(0, 0, 0x5000, 0xffff888000aa0000);
  leaf(0, 1, 0x1000, 0xffff888000bb0000);
  EXPECT_NE(walk().broken.find("out of order"), std::string::npos) << walk().broken;
  root(encoded(0, 9));
  EXPECT_NE(walk().broken.find("no kind that is known"), std::string::npos) << walk().broken;
}

}  // namespace
}  // namespace whyhung::kernel
