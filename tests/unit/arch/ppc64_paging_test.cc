// SPDX-License-Identifier: GPL-2.0-or-later
// POWER's address space: the linear map, and both kinds of page tables, written entry by entry.
#include <gtest/gtest.h>

#include <map>

#include "arch/ppc64.h"
#include "support/physical_words.h"

namespace whyhung::arch {
namespace {

constexpr std::uint64_t kPageOffset = 0xc000000000000000;
constexpr std::uint64_t kRoot = 0x2900000;  // physical
constexpr std::uint64_t kValid = 1ull << 63, kLeaf = 1ull << 62;
constexpr std::uint64_t kVariables = 0x2a00000;
constexpr std::uint64_t kModule = 0xc008000000450280;

class Ppc64PagingTest : public testing::Test {
 protected:
  std::map<std::string, std::uint64_t, std::less<>> numbers;
  std::map<std::string, VirtualAddress, std::less<>> symbols;  // of the kernel
  std::optional<std::uint64_t> page_size = 65536;
  std::optional<VirtualAddress> symbol_count;
  test::PhysicalWords memory;

  Result<std::unique_ptr<AddressSpace>> make() {
    MachineFacts facts;
    facts.number = [this](std::string_view name) -> std::optional<std::uint64_t> {
      const auto found = numbers.find(name);
      if (found == numbers.end()) return std::nullopt;
      return found->second;
    };
    facts.symbol = [this](std::string_view name) -> std::optional<VirtualAddress> {
      if (name == "kallsyms_num_syms") return symbol_count;
      if (name != "swapper_pg_dir") return std::nullopt;
      return VirtualAddress(kPageOffset + kRoot);
    };
    facts.page_size = page_size;
    return kPpc64le.make_address_space(memory, facts);
  }
  std::unique_ptr<AddressSpace> make_and_learn() {
    auto space = make();
    EXPECT_TRUE(space);
    (*space)->learn_symbols([this](std::string_view name) -> std::optional<VirtualAddress> {
      const auto found = symbols.find(name);
      if (found == symbols.end()) return std::nullopt;
      return found->second;
    });
    return *std::move(space);
  }
  void set_variable(std::string_view name, std::uint64_t value) {
    const std::uint64_t at = kVariables + 8 * symbols.size();
    symbols[std::string(name)] = VirtualAddress(kPageOffset + at);
    memory.put(at, value);
  }
  void set_shape(std::array<unsigned, 4> bits) {
    set_variable("__pgd_index_size", bits[0]);
    set_variable("__pud_index_size", bits[1]);
    set_variable("__pmd_index_size", bits[2]);
    set_variable("__pte_index_size", bits[3]);
  }
  // Tables at 0x3010000, 0x3020000, … down to the page.
  void map_page(std::uint64_t address, std::uint64_t physical, std::array<unsigned, 4> bits, unsigned page_shift,
                bool radix) {
    unsigned shift = page_shift + bits[0] + bits[1] + bits[2] + bits[3];
    std::uint64_t table = kRoot;
    for (std::size_t level = 0; level < 4; ++level) {
      shift -= bits[level];
      const std::uint64_t slot = table + (address >> shift & ((1ull << bits[level]) - 1)) * 8;
      if (level == 3) {
        memory.put(slot, kValid | kLeaf | physical | 0x18e, ByteOrder::kBig);
        return;
      }
      table = 0x3000000 + 0x10000 * (level + 1);
      memory.put(slot, radix ? kValid | table | bits[level + 1] : table, ByteOrder::kBig);
    }
  }
};

TEST_F(Ppc64PagingTest, AllMemoryIsInTheLinearMapWithoutAnyTable) {
  const auto space = make();
  ASSERT_TRUE(space);
  const auto mapping = (*space)->translate(VirtualAddress(0xc000000012345678));
  ASSERT_TRUE(mapping);
  EXPECT_EQ(mapping->physical, PhysicalAddress(0x12345678));
  EXPECT_EQ(mapping->bytes_to_end, 0x10000u - 0x5678);
}

TEST_F(Ppc64PagingTest, UserSpaceIsNotMapped) {
  const auto space = make();
  const auto mapping = (*space)->translate(VirtualAddress(0x7ffff6842a80));
  ASSERT_FALSE(mapping);
  EXPECT_EQ(mapping.error().kind, FaultKind::kNotMapped);
}

TEST_F(Ppc64PagingTest, RadixTablesTellTheSizeOfTheNextOne) {
  for (const unsigned page_shift : {16u, 12u}) {
    memory.clear();
    page_size = 1ull << page_shift;
    numbers["RADIX_MMU"] = 1;
    const std::array<unsigned, 4> bits = {13, 9, 9, page_shift == 16 ? 5u : 9u};
    map_page(kModule, 0x7650000, bits, page_shift, true);
    const auto space = make();
    ASSERT_TRUE(space);
    const auto mapping = (*space)->translate(VirtualAddress(kModule));
    ASSERT_TRUE(mapping) << page_shift;
    EXPECT_EQ(mapping->physical, PhysicalAddress(0x7650000 + (kModule & ((1u << page_shift) - 1))));
    EXPECT_EQ(mapping->bytes_to_end, (1u << page_shift) - (kModule & ((1u << page_shift) - 1)));
  }
}

TEST_F(Ppc64PagingTest, AProcessHasTablesOfItsOwnInTheKernelsShape) {
  constexpr std::uint64_t kAddress = 0x00007fff9c450280;
  const std::array<unsigned, 4> radix_bits = {13, 9, 9, 5};
  numbers["RADIX_MMU"] = 1;
  map_page(kAddress, 0x7650000, radix_bits, 16, true);
  const auto radix = make();
  const PhysicalAddress root(kRoot);
  const auto mapping = (*radix)->translate_user(root, VirtualAddress(kAddress));
  ASSERT_TRUE(mapping);
  EXPECT_EQ(mapping->physical, PhysicalAddress(0x7650280));
  EXPECT_FALSE((*radix)->translate(VirtualAddress(kAddress)));
  EXPECT_FALSE((*radix)->translate_user(root, VirtualAddress(kAddress | 1ull << 52))) << "above what the tables cover";
  EXPECT_FALSE((*radix)->translate_user(root, VirtualAddress(kPageOffset | kAddress))) << "the kernel's part";

  memory.clear();
  const std::array<unsigned, 4> hash_bits = {8, 10, 10, 8};
  set_shape(hash_bits);
  map_page(kAddress, 0x5550000, hash_bits, 16, false);
  const auto of_hash = make_and_learn()->translate_user(root, VirtualAddress(kAddress));
  ASSERT_TRUE(of_hash);
  EXPECT_EQ(of_hash->physical, PhysicalAddress(0x5550280));
}

TEST_F(Ppc64PagingTest, ARadixEntryOfAnUpperLevelMayMapMemoryItself) {
  numbers["RADIX_MMU"] = 1;
  memory.put(kRoot + (kModule >> 39 & 0x1fff) * 8, kValid | 0x3010000 | 9, ByteOrder::kBig);
  memory.put(0x3010000 + (kModule >> 30 & 0x1ff) * 8, kValid | 0x3020000 | 9, ByteOrder::kBig);
  memory.put(0x3020000 + (kModule >> 21 & 0x1ff) * 8, kValid | kLeaf | 0x40000000, ByteOrder::kBig);
  const auto space = make();
  const auto mapping = (*space)->translate(VirtualAddress(kModule));
  ASSERT_TRUE(mapping);
  EXPECT_EQ(mapping->physical, PhysicalAddress(0x40000000 + (kModule & 0x1fffff)));
}

TEST_F(Ppc64PagingTest, TheHashMmusTablesHaveTheShapeThatTheKernelsVariablesName) {
  const std::array<unsigned, 4> bits = {8, 10, 10, 8};
  set_shape(bits);
  map_page(kModule, 0x5550000, bits, 16, false);
  const auto space = make_and_learn();
  const auto mapping = space->translate(VirtualAddress(kModule));
  ASSERT_TRUE(mapping);
  EXPECT_EQ(mapping->physical, PhysicalAddress(0x5550000 + (kModule & 0xffff)));
  EXPECT_NE(space->description().find("hash"), std::string::npos) << space->description();
}

TEST_F(Ppc64PagingTest, TheSizeOfTheRootTellsRadixWhereVmcoreinfoDoesNot) {
  const std::array<unsigned, 4> bits = {13, 9, 9, 5};
  set_shape(bits);
  map_page(kModule, 0x5550000, bits, 16, true);
  const auto space = make_and_learn();
  EXPECT_TRUE(space->translate(VirtualAddress(kModule)));
  EXPECT_NE(space->description().find("radix"), std::string::npos) << space->description();
}

TEST_F(Ppc64PagingTest, VmallocOfTheHashMmuWithSmallPagesBeginsWhereTheKernelSays) {
  page_size = 4096;
  const std::array<unsigned, 4> bits = {9, 9, 7, 9};
  set_shape(bits);
  set_variable("__kernel_virt_start", 0xc000100000000000);
  constexpr std::uint64_t kAddress = 0xc000100000a01230;
  map_page(kAddress, 0x77000, bits, 12, false);
  const auto space = make_and_learn();
  const auto mapping = space->translate(VirtualAddress(kAddress));
  ASSERT_TRUE(mapping);
  EXPECT_EQ(mapping->physical, PhysicalAddress(0x77230));
  EXPECT_TRUE(space->translate(VirtualAddress(0xc0000fffffff0000)));
}

TEST_F(Ppc64PagingTest, OldKernelsPointToTablesByVirtualAddressInTheirOwnByteOrder) {
  // No variables: 64 KB pages, 12 + 10 + 8 bits, modules in the region 0xd.
  constexpr std::uint64_t kAddress = 0xd000000012345678;
  memory.put(kRoot + (kAddress >> 34 & 0xfff) * 8, kPageOffset + 0x3010000);
  memory.put(0x3010000 + (kAddress >> 24 & 0x3ff) * 8, kPageOffset + 0x3020000);
  memory.put(0x3020000 + (kAddress >> 16 & 0xff) * 8, (0x123ull << 30) | 1);
  const auto space = make_and_learn();
  const auto mapping = space->translate(VirtualAddress(kAddress));
  ASSERT_TRUE(mapping);
  EXPECT_EQ(mapping->physical, PhysicalAddress(0x1230000 + 0x5678));
  EXPECT_TRUE(space->translate(VirtualAddress(0xc008000000000000))) << "the whole region 0xc is linear there";
}

TEST_F(Ppc64PagingTest, TheShapeOfOldTablesIsTheOneInWhichTheModulesListLeadsBack) {
  constexpr std::uint64_t kAddress = 0xd000000412345000;  // struct module.list of the first
  for (const std::array<unsigned, 3> bits : {std::array{10u, 12u, 8u}, std::array{4u, 12u, 12u}}) {
    memory.clear();
    const unsigned middle = 16 + bits[2];
    memory.put(kRoot + (kAddress >> (middle + bits[1]) & ((1u << bits[0]) - 1)) * 8, kPageOffset + 0x3010000,
               ByteOrder::kLittle);
    memory.put(0x3010000 + (kAddress >> middle & ((1u << bits[1]) - 1)) * 8, kPageOffset + 0x3100000,
               ByteOrder::kLittle);
    memory.put(0x3100000 + (kAddress >> 16 & ((1u << bits[2]) - 1)) * 8, (0x123ull << 30) | 1, ByteOrder::kLittle);
    symbols["modules"] = VirtualAddress(kPageOffset + kVariables);
    memory.put(kVariables, kAddress, ByteOrder::kLittle);
    memory.put(0x1230000 + 0x5008, kPageOffset + kVariables, ByteOrder::kLittle);
    const auto space = make_and_learn();
    const auto mapping = space->translate(VirtualAddress(kAddress + 0x678));
    ASSERT_TRUE(mapping) << bits[0];
    EXPECT_EQ(mapping->physical, PhysicalAddress(0x1230000 + 0x5678)) << bits[0];
    memory.put(0x1230000 + 0x5008, kPageOffset, ByteOrder::kLittle);
    EXPECT_FALSE(make_and_learn()->translate(VirtualAddress(kAddress))) << "a list that leads elsewhere proves nothing";
  }
}

TEST_F(Ppc64PagingTest, EntriesThatMapNothingAndTablesThatAreGoneAreToldApart) {
  numbers["RADIX_MMU"] = 1;
  map_page(kModule, 0x5550000, {13, 9, 9, 5}, 16, true);
  const auto space = make();
  EXPECT_EQ((*space)->translate(VirtualAddress(kModule + 0x10000)).error().kind, FaultKind::kNotMapped);
  memory.take_away(0x3030000, 65536);
  EXPECT_EQ((*space)->translate(VirtualAddress(kModule)).error().kind, FaultKind::kFilteredOut);
}

TEST_F(Ppc64PagingTest, TablesThatClaimImpossibleSizesMapNothing) {
  numbers["RADIX_MMU"] = 1;
  for (const std::uint64_t size : {0ull, 1ull, 31ull}) {
    memory.clear();
    const std::uint64_t entry = kValid | kRoot | size;
    for (std::uint64_t i = 0; i < 0x2000; ++i) memory.put(kRoot + i * 8, entry, ByteOrder::kBig);
    const auto space = make();
    EXPECT_FALSE((*space)->translate(VirtualAddress(kModule))) << size;
  }
}

TEST_F(Ppc64PagingTest, VariablesThatMakeNoSenseChangeNothing) {
  numbers["RADIX_MMU"] = 1;
  map_page(kModule, 0x5550000, {13, 9, 9, 5}, 16, true);
  set_shape({200, 9, 9, 5});
  EXPECT_TRUE(make_and_learn()->translate(VirtualAddress(kModule)));
}

TEST_F(Ppc64PagingTest, ABigEndianKernelIsRefusedByName) {
  symbol_count = VirtualAddress(kPageOffset + 0x1800000);
  memory.put(0x1800000, 199097);
  EXPECT_TRUE(make());
  memory.clear();
  memory.put(0x1800000, 199097ull << 32, ByteOrder::kBig);
  const auto space = make();
  ASSERT_FALSE(space);
  EXPECT_NE(space.error().what.find("big-endian"), std::string::npos) << space.error().what;
}

TEST_F(Ppc64PagingTest, APageSizeThatPowerDoesNotHaveIsRefused) {
  page_size = 16384;
  EXPECT_FALSE(make());
}

}  // namespace
}  // namespace whyhung::arch
