// SPDX-License-Identifier: GPL-2.0-or-later
// The page walk of x86_64 over tables that the test writes entry by entry.
#include <gtest/gtest.h>

#include <map>

#include "arch/x86_64.h"
#include "support/physical_words.h"

namespace whyhung::arch {
namespace {

constexpr std::uint64_t kImageMap = 0xffffffff80000000;
constexpr std::uint64_t kRoot = 0x5000;  // physical
constexpr std::uint64_t kPresent = 1, kWritable = 2, kLarge = 0x80, kNoExecute = 1ull << 63;

class PagingTest : public testing::Test {
 protected:
  // The kernel image at physical 1 MB, so swapper_pg_dir's virtual address is kImageMap + kRoot − phys_base.
  std::map<std::string, std::uint64_t, std::less<>> numbers = {{"phys_base", 0x1000}};
  std::optional<VirtualAddress> root = VirtualAddress(kImageMap + kRoot - 0x1000);
  std::optional<std::pair<VirtualAddress, PhysicalAddress>> image_mapping;
  std::map<std::string, VirtualAddress, std::less<>> symbols;  // besides the root
  test::PhysicalWords memory;

  Result<std::unique_ptr<AddressSpace>> make() {
    MachineFacts facts;
    facts.number = [this](std::string_view name) -> std::optional<std::uint64_t> {
      const auto found = numbers.find(name);
      if (found == numbers.end()) return std::nullopt;
      return found->second;
    };
    facts.symbol = [this](std::string_view name) -> std::optional<VirtualAddress> {
      if (name == "swapper_pg_dir") return root;
      const auto found = symbols.find(name);
      return found == symbols.end() ? std::nullopt : std::optional(found->second);
    };
    facts.image_mapping = image_mapping;
    return kX86_64.make_address_space(memory, facts);
  }
  static std::uint64_t index(std::uint64_t address, int level) { return address >> (12 + 9 * (level - 1)) & 511; }
  // The entry of `address` in the table at `table`, which stands on `level` (1: last).
  void put(std::uint64_t table, std::uint64_t address, int level, std::uint64_t entry) {
    memory.put(table + index(address, level) * 8, entry);
  }
  // Tables at 0x10000, 0x20000, … down to a 4 KB page.
  void map_page(std::uint64_t address, std::uint64_t physical, int levels, std::uint64_t extra_bits = 0) {
    std::uint64_t table = kRoot;
    for (int level = levels; level > 1; --level) {
      const std::uint64_t next = 0x10000 * static_cast<std::uint64_t>(level);
      put(table, address, level, next | kPresent | kWritable | extra_bits);
      table = next;
    }
    put(table, address, 1, physical | kPresent | kNoExecute | extra_bits);
  }
};

constexpr std::uint64_t kDirect = 0xffff888012345678;

TEST_F(PagingTest, WalksFourLevelsToAPage) {
  map_page(kDirect, 0x7654000, 4);
  const auto space = make();
  ASSERT_TRUE(space);
  const auto mapping = (*space)->translate(VirtualAddress(kDirect));
  ASSERT_TRUE(mapping);
  EXPECT_EQ(mapping->physical.value, 0x7654678u);
  EXPECT_EQ(mapping->bytes_to_end, 0x1000u - 0x678);
  EXPECT_EQ((*space)->description(), "4-level page tables at physical 0x5000");
}

TEST_F(PagingTest, AProcessHasTablesOfItsOwn) {
  constexpr std::uint64_t kUser = 0x00007f0d46e9b028;
  constexpr std::uint64_t kOwnRoot = 0x6000;
  put(kOwnRoot, kUser, 4, 0x20000 | kPresent);
  put(0x20000, kUser, 3, 0x30000 | kPresent);
  put(0x30000, kUser, 2, 0x40000 | kPresent);
  put(0x40000, kUser, 1, 0x7654000 | kPresent);
  const auto space = make();
  const auto mapping = (*space)->translate_user(PhysicalAddress(kOwnRoot), VirtualAddress(kUser));
  ASSERT_TRUE(mapping);
  EXPECT_EQ(mapping->physical.value, 0x7654028u);
  EXPECT_FALSE((*space)->translate(VirtualAddress(kUser))) << "the kernel's own do not map it";
  EXPECT_FALSE((*space)->translate_user(PhysicalAddress(kRoot), VirtualAddress(kUser)));
}

TEST_F(PagingTest, WalksFiveLevelsWhenTheKernelSaysSo) {
  constexpr std::uint64_t kAddress = 0xff125ab4c0001008;  // canonical with 57 bits only
  map_page(kAddress, 0x9000, 5);
  EXPECT_FALSE((*make())->translate(VirtualAddress(kAddress)));
  numbers["pgtable_l5_enabled"] = 1;
  const auto space = make();
  const auto mapping = (*space)->translate(VirtualAddress(kAddress));
  ASSERT_TRUE(mapping);
  EXPECT_EQ(mapping->physical.value, 0x9008u);
  EXPECT_TRUE((*space)->description().starts_with("5-level"));
}

TEST_F(PagingTest, AnAddressThatIsNotCanonicalIsNotMapped) {
  map_page(kDirect, 0x7654000, 4);
  const auto space = make();
  for (const std::uint64_t address : {0x0000800000000000ull, 0x1234567812345678ull, 0xffff7fffffffffffull}) {
    const auto mapping = (*space)->translate(VirtualAddress(address));
    ASSERT_FALSE(mapping) << std::hex << address;
    EXPECT_EQ(mapping.error(), (ReadFault{FaultKind::kNotMapped, address}));
  }
}

TEST_F(PagingTest, LargePagesOfTwoMegabytesAndOneGigabyteEndTheWalk) {
  put(kRoot, kDirect, 4, 0x20000 | kPresent);
  put(0x20000, kDirect, 3, 0x30000 | kPresent);
  put(0x30000, kDirect, 2, 0x40200000 | kPresent | kLarge);
  auto mapping = (*make())->translate(VirtualAddress(kDirect));
  ASSERT_TRUE(mapping);
  EXPECT_EQ(mapping->physical.value, 0x40200000u + (kDirect & 0x1fffff));
  EXPECT_EQ(mapping->bytes_to_end, 0x200000u - (kDirect & 0x1fffff));

  put(0x20000, kDirect, 3, 0x80000000 | kPresent | kLarge);
  mapping = (*make())->translate(VirtualAddress(kDirect));
  ASSERT_TRUE(mapping);
  EXPECT_EQ(mapping->physical.value, 0x80000000u + (kDirect & 0x3fffffff));
}

TEST_F(PagingTest, BitsOfALargePagesEntryBelowItsSizeAreNoAddress) {
  // Bit 12 of a large page's entry is PAT.
  put(kRoot, kDirect, 4, 0x20000 | kPresent);
  put(0x20000, kDirect, 3, 0x30000 | kPresent);
  put(0x30000, kDirect, 2, 0x40201000 | kPresent | kLarge);
  EXPECT_EQ((*make())->translate(VirtualAddress(kDirect))->physical.value, 0x40200000u + (kDirect & 0x1fffff));
}

TEST_F(PagingTest, TheLargeBitMeansNothingInTheUppermostTables) {
  put(kRoot, kDirect, 4, 0x20000 | kPresent | kLarge);
  put(0x20000, kDirect, 3, 0x80000000 | kPresent | kLarge);
  EXPECT_EQ((*make())->translate(VirtualAddress(kDirect))->physical.value, 0x80000000u + (kDirect & 0x3fffffff));
}

TEST_F(PagingTest, AnEntryThatIsNotPresentOnAnyLevelIsNotMapped) {
  for (int level = 4; level >= 1; --level) {
    memory.clear();
    map_page(kDirect, 0x7654000, 4);
    const std::uint64_t table = level == 4 ? kRoot : 0x10000 * static_cast<std::uint64_t>(level + 1);
    put(table, kDirect, level, 0x7654000);
    const auto mapping = (*make())->translate(VirtualAddress(kDirect));
    ASSERT_FALSE(mapping) << level;
    EXPECT_EQ(mapping.error(), (ReadFault{FaultKind::kNotMapped, kDirect}));
  }
}

TEST_F(PagingTest, AMissingTableGivesTheFaultOfItsPageAtTheAddressThatWasAskedFor) {
  map_page(kDirect, 0x7654000, 4);
  memory.take_away(0x30000, 4096);
  const auto mapping = (*make())->translate(VirtualAddress(kDirect));
  ASSERT_FALSE(mapping);
  EXPECT_EQ(mapping.error(), (ReadFault{FaultKind::kFilteredOut, kDirect}));
}

TEST_F(PagingTest, TheKernelImageIsFoundWithoutTablesWhenTheyAreMissing) {
  memory.take_away(kRoot, 4096);
  const auto space = make();
  const auto mapping = (*space)->translate(VirtualAddress(kImageMap + 0x123456));
  ASSERT_TRUE(mapping);
  EXPECT_EQ(mapping->physical.value, 0x123456u + 0x1000);
  EXPECT_FALSE((*space)->translate(VirtualAddress(kImageMap + (1ull << 30)))) << "behind the image's gigabyte";
}

TEST_F(PagingTest, AHoleInTheImageThatTheTablesTellStaysAHole) {
  const auto mapping = (*make())->translate(VirtualAddress(kImageMap + 0x123456));
  ASSERT_FALSE(mapping);
  EXPECT_EQ(mapping.error().kind, FaultKind::kNotMapped);
}

TEST_F(PagingTest, TheEncryptionBitIsNoPartOfAnAddress) {
  numbers["sme_mask"] = 1ull << 47;
  map_page(kDirect, 0x7654000, 4, 1ull << 47);
  const auto mapping = (*make())->translate(VirtualAddress(kDirect));
  ASSERT_TRUE(mapping);
  EXPECT_EQ(mapping->physical.value, 0x7654678u);
}

TEST_F(PagingTest, ANegativePhysBaseWrapsAsTheKernelMeansIt) {
  numbers["phys_base"] = static_cast<std::uint64_t>(-0x1000000);
  root = VirtualAddress(kImageMap + 0x1000000 + kRoot);
  map_page(kDirect, 0x7654000, 4);
  EXPECT_TRUE((*make())->translate(VirtualAddress(kDirect)));
}

TEST_F(PagingTest, WithoutPhysBaseTheSegmentsOfTheDumpTellIt) {
  numbers.clear();
  image_mapping = {VirtualAddress(kImageMap + 0x1000000), PhysicalAddress(0x1001000)};
  map_page(kDirect, 0x7654000, 4);
  EXPECT_TRUE((*make())->translate(VirtualAddress(kDirect)));
}

TEST_F(PagingTest, OldKernelsSayWherePhysBaseLiesAndItMustHoldItself) {
  constexpr std::uint64_t kBase = 0x1e00000, kNames = 0x13360, kVariable = 0x12010;
  constexpr std::uint64_t kLinux = 0x78756e694c;  // "Linux"
  numbers.clear();
  map_page(kDirect, 0x7654000, 4);
  root = VirtualAddress(kImageMap + kRoot);
  symbols = {{"init_uts_ns", VirtualAddress(kImageMap + kNames)}, {"phys_base", VirtualAddress(kImageMap + kVariable)}};
  memory.put(kNames + 4, kLinux);
  ASSERT_TRUE(make());
  EXPECT_EQ((*make())->translate(VirtualAddress(kDirect))->physical, PhysicalAddress(0x7654678)) << "where it is 0";
  // The same 30 MB further up. What lies at the old place is a copy of another kernel.
  memory.put(kVariable, kBase);
  memory.put(kBase + kNames + 4, kLinux);
  memory.put(kBase + kVariable, kBase);
  map_page(kDirect, 0x7654000, 4);
  memory.copy_up(kRoot, 4096, kBase);
  ASSERT_TRUE(make());
  EXPECT_EQ((*make())->translate(VirtualAddress(kDirect))->physical, PhysicalAddress(0x7654678));
  memory.put(kBase + kVariable, 0);
  EXPECT_FALSE(make());
}

TEST_F(PagingTest, WhatMakesAnAddressSpaceImpossibleIsNamed) {
  root.reset();
  EXPECT_EQ(make().error().what, "VMCOREINFO names no swapper_pg_dir, so there are no page tables");
  root = VirtualAddress(0x1000);
  EXPECT_EQ(make().error().what, "VMCOREINFO puts swapper_pg_dir at 0x1000, outside of the kernel image");
  numbers.clear();
  EXPECT_EQ(make().error().what, "VMCOREINFO names no phys_base, so the kernel image cannot be found in memory");
  image_mapping = {VirtualAddress(0xffff888000000000), PhysicalAddress(0)};  // the direct map says nothing of the image
  EXPECT_FALSE(make());
}

}  // namespace
}  // namespace whyhung::arch
