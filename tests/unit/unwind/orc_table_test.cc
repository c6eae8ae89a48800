// SPDX-License-Identifier: GPL-2.0-or-later
// Finding the row in force at an address, with and without the kernel's own index, which may be damaged.
#include "orc_fixture.h"

namespace whyhung::unwind {
namespace {

class OrcTableTest : public testing::Test {
 protected:
  // Rows of version 3 whose sp_offset is their number.
  OrcTableTest() {
    for (std::int16_t i = 0; i < 200; ++i) {
      machine_.rows[kText + static_cast<std::uint64_t>(i) * 0x130] = row3(kTypeCall, kOldSp, i);
    }
  }
  std::optional<std::int16_t> row(const OrcTableLocation& table, std::uint64_t pc) {
    OrcTables tables(machine_.memory, OrcVersion::k3);
    tables.add(table);
    const auto found = tables.row_at(VirtualAddress(pc));
    return found ? std::optional(found->sp_offset) : std::nullopt;
  }
  void expect_all(const OrcTableLocation& table) {
    for (std::uint64_t i = 0; i < 200; ++i) {
      const std::uint64_t begin = kText + i * 0x130;
      for (const std::uint64_t pc : {begin, begin + 1, begin + 0x12f}) {
        ASSERT_EQ(row(table, pc), static_cast<std::int16_t>(i)) << std::hex << pc;
      }
    }
    EXPECT_EQ(row(table, kTextEnd - 1), 199);
    EXPECT_EQ(row(table, kTextEnd), std::nullopt);
    EXPECT_EQ(row(table, kText - 1), std::nullopt);
  }
  OrcMachine machine_;
};

TEST_F(OrcTableTest, EachAddressHasTheRowThatBeginsAtOrBeforeIt) {
  expect_all(machine_.write());
}

TEST_F(OrcTableTest, TheKernelsIndexGivesTheSameRows) {
  expect_all(machine_.write_with_lookup());
}

TEST_F(OrcTableTest, AnIndexThatWasNeverFilledIsNotBelieved) {
  const auto table = machine_.write_with_lookup();
  for (std::uint64_t block = 0; block < table.lookup_count; ++block) machine_.memory.write_u32(kLookup + 4 * block, 0);
  EXPECT_EQ(row(table, kText + 100 * 0x130), 100) << "every block names row 0, which begins before the address, too";
}

TEST_F(OrcTableTest, AnIndexThatPointsBehindTheAddressIsNotBelieved) {
  const auto table = machine_.write_with_lookup();
  for (std::uint64_t block = 0; block < table.lookup_count; ++block) {
    machine_.memory.write_u32(kLookup + 4 * block, 150);
  }
  EXPECT_EQ(row(table, kText + 10 * 0x130), 10);
}

TEST_F(OrcTableTest, AnIndexWithNumbersOutOfTheTableIsNotBelieved) {
  const auto table = machine_.write_with_lookup();
  for (std::uint64_t block = 0; block < table.lookup_count; ++block) {
    machine_.memory.write_u32(kLookup + 4 * block, block % 2 == 0 ? 0xffffffff : 1);
  }
  EXPECT_EQ(row(table, kText + 10 * 0x130), 10);
}

TEST_F(OrcTableTest, WithoutItsIndexTheTableIsStillSearched) {
  const auto table = machine_.write_with_lookup();
  machine_.memory.take_away(kLookup);
  EXPECT_EQ(row(table, kText + 77 * 0x130), 77);
}

TEST_F(OrcTableTest, AnIndexThatIsTooShortIsNotReadBeyondItsEnd) {
  auto table = machine_.write_with_lookup();
  table.lookup_count = 1;
  EXPECT_EQ(row(table, kText + 77 * 0x130), 77);
}

TEST_F(OrcTableTest, AnAddressBeforeTheFirstRowHasNone) {
  machine_.rows.erase(kText);
  EXPECT_EQ(row(machine_.write(), kText + 5), std::nullopt);
}

TEST_F(OrcTableTest, MissingPagesOfTheTablesGiveNoRow) {
  const auto table = machine_.write();
  machine_.memory.take_away(kRows);
  EXPECT_EQ(row(table, kText + 5), std::nullopt);
  machine_.memory.take_away(kIps);
  EXPECT_EQ(row(table, kText + 5), std::nullopt);
}

TEST_F(OrcTableTest, TablesThatAreEmptyOrLargerThanAnyKernelsAreIgnored) {
  OrcTables tables(machine_.memory, OrcVersion::k3);
  auto table = machine_.write();
  table.count = 0;
  tables.add(table);
  table.count = 1ull << 60;
  tables.add(table);
  table = machine_.write();
  table.text.end = table.text.begin;
  tables.add(table);
  EXPECT_FALSE(tables.covers(VirtualAddress(kText)));
}

TEST_F(OrcTableTest, AModulesTableStandsBesideTheKernels) {
  constexpr std::uint64_t kModule = 0xffffffffc0000000;
  OrcTables tables(machine_.memory, OrcVersion::k3);
  tables.add(machine_.write());
  machine_.memory.write_u32(kModule + 0x8000, 0x100 - 0x8000u);
  machine_.memory.write_integer<std::int16_t>(kModule + 0x9000, 1000);
  machine_.memory.write_integer<std::uint16_t>(kModule + 0x9004, kOldSp | kTypeCall << 8);
  tables.add({{VirtualAddress(kModule), VirtualAddress(kModule + 0x1000)},
              VirtualAddress(kModule + 0x8000),
              VirtualAddress(kModule + 0x9000),
              1,
              {},
              0});
  EXPECT_EQ(tables.row_at(VirtualAddress(kModule + 0x100))->sp_offset, 1000);
  EXPECT_EQ(tables.row_at(VirtualAddress(kModule + 0xff)), std::nullopt);
  EXPECT_EQ(tables.row_at(VirtualAddress(kText))->sp_offset, 0);
}

TEST_F(OrcTableTest, ARowThatWasFoundIsRemembered) {
  OrcTables tables(machine_.memory, OrcVersion::k3);
  tables.add(machine_.write());
  EXPECT_TRUE(tables.row_at(VirtualAddress(kText + 7)));
  const auto reads = machine_.memory.reads();
  EXPECT_TRUE(tables.row_at(VirtualAddress(kText + 7)));
  EXPECT_EQ(machine_.memory.reads(), reads);
}

}  // namespace
}  // namespace whyhung::unwind
