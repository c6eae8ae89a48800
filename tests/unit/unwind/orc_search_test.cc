// SPDX-License-Identifier: GPL-2.0-or-later
// ORC tables that no symbol names: found among other data, and not believed unless known functions prove them.
#include "unwind/orc_search.h"

#include "orc_fixture.h"

namespace whyhung::unwind {
namespace {

constexpr std::array<OrcVersion, 2> kVersions = {OrcVersion::k4, OrcVersion::k3};
constexpr std::array<const char*, 5> kNames = {"schedule", "kthread", "do_exit", "panic", "vfs_read"};
constexpr unsigned kRowsWritten = 4096;

class OrcSearchTest : public testing::Test {
 protected:
  // A row every 16 bytes of text: the return address on top where a function begins, more behind it.
  OrcSearchTest() {
    for (unsigned i = 0; i < kRowsWritten; ++i) {
      machine_.rows[kText + 16 * i] =
          row3(kTypeCall, kOldSp, i % 4 == 0 ? 8 : static_cast<std::int16_t>(16 + 8 * (i % 4)));
    }
    table_ = machine_.write();
    // Rows follow right behind the addresses, as the linker has them.
    std::vector<std::byte> rows(kRowsWritten * 6);
    EXPECT_TRUE(machine_.memory.read(VirtualAddress(kRows), rows));
    std::uint64_t at = kIps + 4 * kRowsWritten;
    for (const std::byte one : rows)
      machine_.memory.write_integer<std::uint8_t>(at++, std::to_integer<std::uint8_t>(one));
    for (std::uint64_t page = kIps - 0x4000; page < kIps + 0x20000; page += 4096) machine_.memory.touch(page);
    for (unsigned i = 0; i < kNames.size(); ++i) machine_.symbols.add(kNames[i], kText + 64 * (10 * i + 3), 64);
  }
  std::optional<FoundOrc> search() {
    return search_orc_tables(machine_.memory, machine_.symbols,
                             {{VirtualAddress(kText), VirtualAddress(kTextEnd)},
                              {VirtualAddress(kIps - 0x4000), VirtualAddress(kIps + 0x20000)},
                              kVersions});
  }
  OrcMachine machine_;
  OrcTableLocation table_;
};

TEST_F(OrcSearchTest, FindsTheTableAndItsVersion) {
  const auto found = search();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->version, OrcVersion::k3);
  // Whether it begins a row earlier or later: each address has its own row.
  const std::uint64_t later = found->table.ips.value - kIps;
  EXPECT_EQ(found->table.rows.value, kIps + 4 * kRowsWritten + later / 4 * 6);
  EXPECT_LE(later, 32u);
  EXPECT_GE(found->table.count + later / 4, kRowsWritten);
}

TEST_F(OrcSearchTest, AWordThatFitsByChanceInFrontOfTheTableIsNoRow) {
  machine_.memory.write_u32(kIps - 4, static_cast<std::uint32_t>(kText - 8 + 4 - (kIps - 4)));
  const auto found = search();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->table.rows.value, kIps + 4 * kRowsWritten);
}

TEST_F(OrcSearchTest, RowsThatSayOtherwiseOfKnownFunctionsAreNoTable) {
  machine_.symbols.add("complete", kText + 64 * 50 + 16, 64);  // in the middle of a function
  EXPECT_FALSE(search());
}

TEST_F(OrcSearchTest, WithoutKnownFunctionsNothingIsProven) {
  machine_.symbols = test::FakeSymbols();
  machine_.symbols.add("schedule", kText, 64);
  EXPECT_FALSE(search());
}

TEST_F(OrcSearchTest, MemoryFullOfZeroesOrOfNothingHoldsNoTable) {
  EXPECT_FALSE(search_orc_tables(machine_.memory, machine_.symbols,
                                 {{VirtualAddress(kText), VirtualAddress(kTextEnd)},
                                  {VirtualAddress(kIps - 0x4000), VirtualAddress(kIps)},
                                  kVersions}));
  EXPECT_FALSE(search_orc_tables(
      machine_.memory, machine_.symbols,
      {{VirtualAddress(kText), VirtualAddress(kTextEnd)}, {VirtualAddress(0), VirtualAddress(~0ull)}, kVersions}));
}

}  // namespace
}  // namespace whyhung::unwind
