// SPDX-License-Identifier: GPL-2.0-or-later
// Symbol tables that contradict themselves or are partly missing.
#include <gtest/gtest.h>

#include "debuginfo/kallsyms.h"
#include "support/kallsyms_builder.h"

namespace whyhung::debuginfo {
namespace {

using test::FakeMemory;
using test::KallsymsBuilder;
using test::KallsymsLayout;

constexpr std::uint64_t kText = 0xc000000000000000;
constexpr std::uint64_t kTables = 0xc000000001000000;
const KnownSymbol kStext{"_stext", VirtualAddress(kText)};

class KallsymsHostile : public ::testing::TestWithParam<KallsymsLayout> {
 protected:
  void SetUp() override {
    builder_.relative_base(kText).add('T', "_stext", kText);
    for (unsigned i = 0; i < 3000; ++i) builder_.add('T', "function_" + std::to_string(i), kText + 64 * (i + 1));
    tables_ = builder_.put(memory_, kTables);
  }
  Result<std::shared_ptr<Kallsyms>> open() { return Kallsyms::open(memory_, tables_, std::span(&kStext, 1)); }

  // Asks everything; the answers do not matter, only that they come.
  static void ask(Kallsyms& kallsyms) {
    for (std::uint32_t i = 0; i < std::min(kallsyms.count(), 4000u); i += 17) kallsyms.symbol_at(i);
    for (unsigned i = 0; i < 3000; i += 100) {
      kallsyms.find_all("function_" + std::to_string(i), 10);
      kallsyms.find_covering(VirtualAddress(kText + 64 * i + 5));
    }
  }
  FakeMemory memory_;
  KallsymsBuilder builder_{GetParam()};
  KallsymsTables tables_;
};

INSTANTIATE_TEST_SUITE_P(Layouts, KallsymsHostile,
                         ::testing::Values(KallsymsLayout::kLongs, KallsymsLayout::kOffsets,
                                           KallsymsLayout::kOrderInside, KallsymsLayout::kReordered,
                                           KallsymsLayout::kPlaces));

TEST_P(KallsymsHostile, RefusesCountsThatNoKernelHas) {
  for (const std::uint32_t count : {0u, 1u << 23, 0xffffffffu}) {
    memory_.put_integer(0x5000, count);
    tables_.symbol_count = VirtualAddress(0x5000);
    const auto opened = open();
    ASSERT_FALSE(opened);
    EXPECT_TRUE(opened.error().kind == ErrorKind::kCorrupt || opened.error().kind == ErrorKind::kUnreadable);
  }
}

TEST_P(KallsymsHostile, RefusesTablesThatPutNoKnownSymbolAtItsAddress) {
  const KnownSymbol wrong{"_stext", VirtualAddress(kText + 64)};
  const auto opened = Kallsyms::open(memory_, tables_, std::span(&wrong, 1));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::kMismatch);
  EXPECT_FALSE(Kallsyms::open(memory_, tables_, {}));
}

TEST_P(KallsymsHostile, ACountThatIsTooLargeDoesNotLeaveTheTables) {
  memory_.put_integer(0x5000, std::uint64_t{200000});
  tables_.symbol_count = VirtualAddress(0x5000);
  if (auto opened = open()) ask(**opened);
}

TEST_P(KallsymsHostile, WrongAddressesOfEachTableAreSurvived) {
  const KallsymsTables right = tables_;
  for (const std::uint64_t wrong :
       {std::uint64_t{0}, kTables + 1, kTables + 0x7fff, kTables + 0x10000000, ~std::uint64_t{0} - 2, kTables - 1}) {
    for (auto table : {&KallsymsTables::names, &KallsymsTables::token_table, &KallsymsTables::token_index}) {
      tables_ = right;
      tables_.*table = VirtualAddress(wrong);
      if (auto opened = open()) ask(**opened);
    }
    for (auto table : {&KallsymsTables::offsets, &KallsymsTables::addresses, &KallsymsTables::relative_base}) {
      tables_ = right;
      tables_.*table = VirtualAddress(wrong);
      if (auto opened = open()) ask(**opened);
    }
  }
}

TEST_P(KallsymsHostile, EveryPageMayBeMissing) {
  unsigned opened_count = 0;
  for (std::uint64_t page = kTables; page < kTables + 0x20000; page += 0x1000) {
    FakeMemory memory;
    builder_.put(memory, kTables);
    memory.take_away(page, page + 0x1000);
    if (auto opened = Kallsyms::open(memory, tables_, std::span(&kStext, 1))) {
      ++opened_count;
      ask(**opened);
    }
  }
  EXPECT_GT(opened_count, 10u);
}

TEST_P(KallsymsHostile, AMissingPageOfNamesCostsOnlyItsNames) {
  const std::uint64_t page = (tables_.names.value + 0x3000) & ~0xfffull;
  const auto whole = *open();
  memory_.take_away(page, page + 0x1000);
  const auto opened = open();
  ASSERT_TRUE(opened) << opened.error().what;
  unsigned decoded = 0, found = 0;
  std::vector<std::string> names;
  for (unsigned i = 0; i < 3000; ++i) names.push_back("function_" + std::to_string(i));
  (*opened)->prepare(std::vector<std::string_view>(names.begin(), names.end()));
  for (std::uint32_t i = 1; i <= 3000; ++i) {
    if ((*opened)->symbol_at(i)) ++decoded;
    if (!(*opened)->find_all(names[i - 1], 1).empty()) ++found;
  }
  EXPECT_GT(decoded, 2000u);
  EXPECT_LT(decoded, 3000u);
  EXPECT_EQ(found, decoded);
}

TEST_P(KallsymsHostile, FlippedBytesAnywhereAreSurvived) {
  std::vector<std::byte> image;
  for (std::uint64_t size = 0x40000; image.empty(); size -= 64) {
    std::vector<std::byte> attempt(size);
    if (memory_.read(VirtualAddress(kTables), attempt)) image = std::move(attempt);
  }
  std::uint32_t random = 12345;
  for (int round = 0; round < 60; ++round) {
    auto damaged = image;
    for (int flip = 0; flip < 1 + round * 4; ++flip) {
      random = random * 1664525 + 1013904223;
      damaged[random % damaged.size()] = static_cast<std::byte>(random >> 24);
    }
    FakeMemory memory;
    memory.put(kTables, damaged);
    if (auto opened = Kallsyms::open(memory, tables_, std::span(&kStext, 1))) ask(**opened);
  }
}

}  // namespace
}  // namespace whyhung::debuginfo
