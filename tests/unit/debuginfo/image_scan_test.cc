// SPDX-License-Identifier: GPL-2.0-or-later
// What is found in a kernel image by its looks alone: exported symbols and the kernel's types.
#include <gtest/gtest.h>

#include "debuginfo/btf_scan.h"
#include "debuginfo/exported_symbols.h"
#include "debuginfo/image_scan.h"
#include "support/paged_memory.h"

namespace whyhung::debuginfo {
namespace {

constexpr std::uint64_t kImage = 0xffff800008010000;
constexpr VirtualRange kRange{VirtualAddress(kImage), VirtualAddress(kImage + 0x100000)};
constexpr std::uint64_t kStrings = kImage + 0xfff0;  // the second name is cut by the end of a piece
constexpr std::uint64_t kTable = kImage + 0x8000;
constexpr std::uint64_t kTask = kImage + 0x40000;
constexpr std::uint64_t kOffsets = kImage + 0x50000;

class ExportedSymbolsTest : public testing::Test {
 protected:
  ExportedSymbolsTest() {
    memory.write_text(kStrings, "");
    memory.write_text(kStrings + 1, "init_task");
    memory.write_text(kStrings + 11, "__per_cpu_offset");
    memory.write_text(kImage + 0x20000, "Xnr_cpu_ids");
    entry(kTable, kTask, kStrings + 1);
    entry(kTable + 12, kOffsets, kStrings + 11);
  }
  void entry(std::uint64_t at, std::uint64_t value, std::uint64_t name) {
    memory.write_u32(at, static_cast<std::uint32_t>(value - at));
    memory.write_u32(at + 4, static_cast<std::uint32_t>(name - at - 4));
  }
  std::optional<VirtualAddress> find(std::string_view name) {
    constexpr std::array<std::string_view, 3> kNames = {"init_task", "__per_cpu_offset", "nr_cpu_ids"};
    const auto found = ExportedSymbols::find(memory, kRange, kNames);
    return found ? (*found)->address_of(name) : std::nullopt;
  }
  test::PagedMemory memory;
};

TEST_F(ExportedSymbolsTest, FindsEntriesByTheirNames) {
  EXPECT_EQ(find("init_task"), VirtualAddress(kTask));
  EXPECT_EQ(find("__per_cpu_offset"), VirtualAddress(kOffsets));
  EXPECT_EQ(find("nr_cpu_ids"), std::nullopt) << "the end of a longer word";
}

TEST_F(ExportedSymbolsTest, ANameWithTwoValuesHasNone) {
  entry(kTable + 0x100, kTask, kStrings + 1);
  EXPECT_EQ(find("init_task"), VirtualAddress(kTask)) << "the same value again";
  entry(kTable + 0x200, kTask + 0x1000, kStrings + 1);
  EXPECT_EQ(find("init_task"), std::nullopt);
  EXPECT_EQ(find("__per_cpu_offset"), VirtualAddress(kOffsets));
}

TEST_F(ExportedSymbolsTest, AValueOutsideOfTheImageIsNone) {
  entry(kTable, kImage - 0x1000, kStrings + 1);
  EXPECT_EQ(find("init_task"), std::nullopt);
}

TEST_F(ExportedSymbolsTest, WithoutTheTableThereIsNothing) {
  memory.take_away(kTable);
  EXPECT_EQ(find("init_task"), std::nullopt);
  EXPECT_FALSE(ExportedSymbols::find(memory, {}, {}));
}

TEST(ImageScan, PassesOverPagesThatAreNotThere) {
  test::PagedMemory memory;
  memory.write_u32(kImage + 0x31000, 7);
  std::vector<std::uint64_t> pieces;
  EXPECT_TRUE(scan_image(memory, kRange, 8, [&](VirtualAddress begin, std::span<const std::byte>, std::size_t) {
    pieces.push_back(begin.value);
    return true;
  }));
  EXPECT_EQ(pieces, std::vector<std::uint64_t>{kImage + 0x30000});
}

class BtfScanTest : public testing::Test {
 protected:
  void header(std::uint64_t at, std::uint32_t types, std::uint32_t strings) {
    memory.write_u32(at, 0x0001eb9f);
    memory.write_u32(at + 4, 24);
    memory.write_u32(at + 8, 0);
    memory.write_u32(at + 12, types);
    memory.write_u32(at + 16, types);
    memory.write_u32(at + 20, strings);
  }
  static constexpr VirtualRange kLarge{VirtualAddress(kImage), VirtualAddress(kImage + 0x800000)};
  test::PagedMemory memory;
};

TEST_F(BtfScanTest, TheKernelsOwnIsTheFirstOfAKernelsSize) {
  header(kImage + 0x1004, 4000, 200);  // a module's
  header(kImage + 0x23004, 2 << 20, 1 << 20);
  header(kImage + 0x90000, 2 << 20, 1 << 20);  // a copy
  const auto found = find_btf(memory, kLarge);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->begin, VirtualAddress(kImage + 0x23004));
  EXPECT_EQ(found->size(), 24u + (3u << 20));
}

TEST_F(BtfScanTest, OneThatReachesOutOfTheImageIsNone) {
  header(kImage + 0x23004, 2 << 20, 0xf0000000);
  EXPECT_FALSE(find_btf(memory, kLarge));
}

}  // namespace
}  // namespace whyhung::debuginfo
