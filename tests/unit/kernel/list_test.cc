// SPDX-License-Identifier: GPL-2.0-or-later
// Walks of linked structures: whole ones, and every way in which a damaged one can go wrong.
#include "kernel/list.h"

#include <gtest/gtest.h>

#include "kernel/xarray.h"
#include "support/fake_machine.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kHead = 0xffff888000000100;
constexpr std::uint64_t node(std::uint64_t i) {
  return 0xffff888000010000 + 0x1000 * i;
}

std::vector<VirtualAddress> nodes(std::initializer_list<std::uint64_t> numbers) {
  std::vector<VirtualAddress> all;
  for (const std::uint64_t i : numbers) all.emplace_back(node(i));
  return all;
}

class ListTest : public testing::Test {
 protected:
  test::FakeMachine machine_;
};

TEST_F(ListTest, GivesItsNodesInOrderWithoutTheHead) {
  machine_.link_list(kHead, {node(2), node(0), node(1)});
  const ListWalk walk = walk_list(machine_.memory, VirtualAddress(kHead), 100);
  EXPECT_TRUE(walk.complete()) << walk.broken;
  EXPECT_EQ(walk.nodes, nodes({2, 0, 1}));
}

TEST_F(ListTest, AnEmptyListIsComplete) {
  machine_.link_list(kHead, {});
  EXPECT_TRUE(walk_list(machine_.memory, VirtualAddress(kHead), 100).complete());
  EXPECT_TRUE(walk_list(machine_.memory, VirtualAddress(kHead), 100).nodes.empty());
}

TEST_F(ListTest, ExactlyAsManyNodesAsAllowedAreComplete) {
  machine_.link_list(kHead, {node(0), node(1), node(2)});
  EXPECT_TRUE(walk_list(machine_.memory, VirtualAddress(kHead), 3).complete());
  const ListWalk walk = walk_list(machine_.memory, VirtualAddress(kHead), 2);
  EXPECT_EQ(walk.broken, "more than 2 entries");
  EXPECT_EQ(walk.nodes, nodes({0, 1}));
}

TEST_F(ListTest, ACircleThatDoesNotComeBackToTheHeadEndsAndGivesEachNodeOnce) {
  machine_.link_list(kHead, {node(0), node(1), node(2), node(3), node(4)});
  machine_.memory.write_u64(node(4), node(2));
  const ListWalk walk = walk_list(machine_.memory, VirtualAddress(kHead), 1'000'000);
  EXPECT_TRUE(walk.broken.starts_with("the list runs in a circle at 0x")) << walk.broken;
  EXPECT_EQ(walk.nodes, nodes({0, 1, 2, 3, 4}));
}

TEST_F(ListTest, ANodeThatPointsToItselfIsACircle) {
  machine_.link_list(kHead, {node(0)});
  machine_.memory.write_u64(node(0), node(0));
  const ListWalk walk = walk_list(machine_.memory, VirtualAddress(kHead), 1'000'000);
  EXPECT_FALSE(walk.complete());
  EXPECT_EQ(walk.nodes, nodes({0}));
}

TEST_F(ListTest, ANullPointerInTheMiddleKeepsWhatCameBefore) {
  machine_.link_list(kHead, {node(0), node(1), node(2)});
  machine_.memory.write_u64(node(1), 0);
  const ListWalk walk = walk_list(machine_.memory, VirtualAddress(kHead), 100);
  EXPECT_EQ(walk.broken, "a NULL pointer in the middle of the list");
  EXPECT_EQ(walk.nodes, nodes({0, 1}));
}

TEST_F(ListTest, AMissingPageIsNamedWithItsReason) {
  machine_.link_list(kHead, {node(0), node(1), node(2)});
  machine_.memory.take_away(node(1));
  const ListWalk walk = walk_list(machine_.memory, VirtualAddress(kHead), 100);
  EXPECT_EQ(walk.broken, "0xffff888000011000: filtered out when the dump was made");
  EXPECT_EQ(walk.nodes, nodes({0}));
  machine_.memory.take_away(kHead);
  EXPECT_EQ(walk_list(machine_.memory, VirtualAddress(kHead), 100).broken,
            "0xffff888000000100: filtered out when the dump was made");
}

TEST_F(ListTest, APoisonedPointerIsNoNode) {
  machine_.link_list(kHead, {node(0), node(1)});
  machine_.memory.write_u64(node(0), 0xdead000000000100);  // LIST_POISON1
  const ListWalk walk = walk_list(machine_.memory, VirtualAddress(kHead), 100);
  EXPECT_EQ(walk.broken, "0xdead000000000100: not mapped in the kernel's page tables");
  EXPECT_EQ(walk.nodes, nodes({0}));
}

TEST_F(ListTest, AChainEndsWithNull) {
  machine_.memory.write_u64(node(0), node(1));
  machine_.memory.write_u64(node(1), 0);
  const ListWalk walk = walk_chain(machine_.memory, VirtualAddress(node(0)), 100);
  EXPECT_TRUE(walk.complete());
  EXPECT_EQ(walk.nodes, nodes({0, 1}));
  EXPECT_TRUE(walk_chain(machine_.memory, VirtualAddress(0), 100).complete());
}

// An xarray as the kernel builds it: internal entries carry 2 in their low bits.
class XArrayTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kArray = 0xffff888000000200;
  XArrayTest() : machine_("xarray 16: xa_head@8:8\nxa_node 576: slots@40:[64x8]") {
    machine_.memory.touch(kArray);
    Binder binder(machine_.types);
    view_ = XArrayView::bind(binder);
  }
  static std::uint64_t as_node(std::uint64_t address) { return address + 2; }
  void head(std::uint64_t entry) { machine_.set("xarray", kArray, "xa_head", entry); }
  void slot(std::uint64_t at, std::uint64_t index, std::uint64_t entry) {
    machine_.memory.touch(at);
    machine_.memory.write_u64(at + 40 + 8 * index, entry);
  }
  XArrayView::Walk walk(std::size_t most = 1000) {
    levels_.clear();
    return view_.entries(machine_.memory, VirtualAddress(kArray), most,
                         [&](std::span<const VirtualAddress> level) { levels_.push_back(level.size()); });
  }
  test::FakeMachine machine_;
  XArrayView view_;
  std::vector<std::size_t> levels_;
};

TEST_F(XArrayTest, GivesAllPointersLevelByLevel) {
  head(as_node(node(0)));
  slot(node(0), 0, as_node(node(1)));
  slot(node(0), 3, as_node(node(2)));
  slot(node(1), 1, 0xffff888000111000);
  slot(node(1), 63, 0xffff888000222000);
  slot(node(2), 0, 0xffff888000333000);
  const auto all = walk();
  EXPECT_TRUE(all.broken.empty()) << all.broken;
  EXPECT_EQ(all.entries, (std::vector{VirtualAddress(0xffff888000111000), VirtualAddress(0xffff888000222000),
                                      VirtualAddress(0xffff888000333000)}));
  EXPECT_EQ(levels_, (std::vector<std::size_t>{1, 2})) << "each level is announced at once";
}

TEST_F(XArrayTest, ASingleEntryStandsInTheHeadItself) {
  head(0xffff888000111000);
  EXPECT_EQ(walk().entries, std::vector{VirtualAddress(0xffff888000111000)});
  head(0);
  EXPECT_TRUE(walk().entries.empty());
  EXPECT_TRUE(walk().broken.empty());
}

TEST_F(XArrayTest, ValuesSiblingsAndRetryMarksAreNoPointers) {
  head(as_node(node(0)));
  slot(node(0), 0, 0x1235);          // a value entry
  slot(node(0), 1, 2 + (5 << 2));    // a sibling
  slot(node(0), 2, 2 + (256 << 2));  // a retry mark
  slot(node(0), 3, 0xffff888000111000);
  EXPECT_EQ(walk().entries, std::vector{VirtualAddress(0xffff888000111000)});
}

TEST_F(XArrayTest, ANodeThatLacksIsToldAndTheOthersAreStillGiven) {
  head(as_node(node(0)));
  slot(node(0), 0, as_node(node(1)));
  slot(node(0), 1, as_node(node(2)));
  slot(node(1), 0, 0xffff888000111000);
  slot(node(2), 0, 0xffff888000222000);
  machine_.memory.take_away(node(1));
  const auto all = walk();
  EXPECT_EQ(all.broken, "xarray node at 0xffff888000011000: filtered out when the dump was made");
  EXPECT_EQ(all.entries, std::vector{VirtualAddress(0xffff888000222000)});
  machine_.memory.take_away(kArray);
  EXPECT_EQ(walk().broken, "xarray at 0xffff888000000200: filtered out when the dump was made");
}

TEST_F(XArrayTest, ANodeThatHoldsItselfEndsAtOnce) {
  head(as_node(node(0)));
  for (std::uint64_t i = 0; i < 64; ++i) slot(node(0), i, as_node(node(0)));
  const auto reads = machine_.memory.reads();
  const auto all = walk(4u << 20);
  EXPECT_TRUE(all.entries.empty());
  EXPECT_EQ(all.broken, "xarray node at 0xffff888000010000: it is in the tree twice");
  EXPECT_LT(machine_.memory.reads() - reads, 1000u);
}

TEST_F(XArrayTest, TwoNodesThatHoldEachOtherEndAtOnce) {
  head(as_node(node(0)));
  for (std::uint64_t i = 0; i < 64; ++i) {
    slot(node(0), i, as_node(node(1)));
    slot(node(1), i, as_node(node(0)));
  }
  const auto reads = machine_.memory.reads();
  EXPECT_FALSE(walk(4u << 20).broken.empty());
  EXPECT_LT(machine_.memory.reads() - reads, 1000u);
}

TEST_F(XArrayTest, MoreEntriesThanAllowedEndTheWalk) {
  head(as_node(node(0)));
  for (std::uint64_t i = 0; i < 64; ++i) slot(node(0), i, 0xffff888000111000 + 64 * i);
  EXPECT_EQ(walk(10).broken, "more than 10 entries");
  EXPECT_TRUE(walk(64).broken.empty());
}

TEST(XArrayView, IsNotUsableForKernelsThatHadNone) {
  test::FakeTypes types("radix_tree_root 16: rnode@8:8");
  Binder binder(types);
  EXPECT_FALSE(XArrayView::bind(binder).usable());
  EXPECT_TRUE(binder.missing().empty()) << "an old kernel lacks nothing";
}

}  // namespace
}  // namespace whyhung::kernel
