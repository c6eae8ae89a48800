// SPDX-License-Identifier: GPL-2.0-or-later
#include "debuginfo/module_symbols.h"

#include <gtest/gtest.h>

#include "support/fake_memory.h"

namespace whyhung::debuginfo {
namespace {

using test::FakeMemory;

constexpr std::uint64_t kSymbols = 0xffffffffc0200000;
constexpr std::uint64_t kNames = 0xffffffffc0300000;
constexpr std::uint64_t kTypes = 0xffffffffc0400000;
constexpr std::uint64_t kText = 0xffffffffc0100000;
constexpr std::uint64_t kData = 0xffffffffc0108000;

class ModuleSymbolsTest : public ::testing::TestWithParam<ByteOrder> {
 protected:
  void add(std::string_view name, std::uint64_t address, std::uint64_t size, char type, std::uint8_t info = 2,
           std::uint16_t section = 1) {
    const std::size_t at = symbols_.size();
    symbols_.resize(at + 24);
    const auto name_offset = static_cast<std::uint32_t>(name.empty() ? 0 : names_.size());
    if (!name.empty()) names_.append(name).push_back('\0');
    store(symbols_.data() + at, name_offset, GetParam());
    symbols_[at + 4] = static_cast<std::byte>(info);
    store(symbols_.data() + at + 6, section, GetParam());
    store(symbols_.data() + at + 8, address, GetParam());
    store(symbols_.data() + at + 16, size, GetParam());
    types_.push_back(static_cast<std::byte>(type));
  }
  ModuleSymbols open() {
    memory_.put(kSymbols, symbols_);
    memory_.put_text(kNames, names_);
    memory_.put(kTypes, types_);
    return ModuleSymbols(memory_, {"hanglab",
                                   VirtualAddress(kSymbols),
                                   symbols_.size() / 24,
                                   VirtualAddress(kNames),
                                   VirtualAddress(kTypes),
                                   {{VirtualAddress(kText), VirtualAddress(kText + 0x1000)},
                                    {VirtualAddress(kData), VirtualAddress(kData + 0x1000)}}});
  }
  void SetUp() override {
    memory_.make_pages_whole();  // the length of the names is written down nowhere
    add("", 0, 0, 'U', 0, 0);
    add("", kText, 0, 't', 3);            // the section itself
    add("hang.c", 0, 0, 'a', 4, 0xfff1);  // the source file
    add("printk", 0, 0, 'U', 0x10, 0);    // undefined
    add("$x", kText + 0x100, 0, 't');
    add("spin_forever", kText + 0x100, 0x20, 't');
    add("__UNIQUE_ID_author123", kData + 8, 40, 'd');
    add("__pfx_holder", kText + 0x130, 0, 't');
    add("holder", kText + 0x140, 0, 't');
    add("__inner_alias", kText + 0x200, 0x10, 'T');
    add("inner", kText + 0x200, 0x10, 'T');
    add("alpha_lock", kData + 0x40, 32, 'd');
    add("holder", kText + 0x300, 0x10, 't');
    add("$d.5", kText + 0x308, 0, 't');
  }

  FakeMemory memory_{GetParam()};
  std::vector<std::byte> symbols_;
  std::vector<std::byte> types_;
  std::string names_ = std::string(1, '\0');
};

INSTANTIATE_TEST_SUITE_P(ByteOrders, ModuleSymbolsTest, ::testing::Values(ByteOrder::kLittle, ByteOrder::kBig));

TEST_P(ModuleSymbolsTest, ExplainsAddressesAndPassesOverMarks) {
  auto module = open();
  const auto at = module.find_covering(VirtualAddress(kText + 0x104));
  ASSERT_TRUE(at);
  EXPECT_EQ(at->symbol.name, "spin_forever");
  EXPECT_EQ(at->symbol.module, "hanglab");
  EXPECT_EQ(at->symbol.size, 0x20u);
  EXPECT_EQ(at->symbol.type, 't');
  EXPECT_EQ(at->offset, 4u);
  EXPECT_EQ(module.find_covering(VirtualAddress(kText + 0x138))->symbol.name, "spin_forever");
  EXPECT_EQ(module.find_covering(VirtualAddress(kText + 0x30c))->symbol.address.value, kText + 0x300);
  EXPECT_EQ(module.find_covering(VirtualAddress(kData + 0x50))->symbol.name, "alpha_lock");
}

TEST_P(ModuleSymbolsTest, PrefersTheAliasWithoutUnderscores) {
  EXPECT_EQ(open().find_covering(VirtualAddress(kText + 0x208))->symbol.name, "inner");
}

TEST_P(ModuleSymbolsTest, TakesTheDistanceToTheNextWhereTheTableHasNoSize) {
  auto module = open();
  EXPECT_EQ(module.find_covering(VirtualAddress(kText + 0x140))->symbol.size, 0xc0u);
}

TEST_P(ModuleSymbolsTest, CoversOnlyItsRangesAndNotAcrossThem) {
  auto module = open();
  EXPECT_FALSE(module.find_covering(VirtualAddress(kText - 1)));
  EXPECT_FALSE(module.find_covering(VirtualAddress(kText + 0x50))) << "before the first symbol";
  EXPECT_FALSE(module.find_covering(VirtualAddress(kText + 0x1000)));
  EXPECT_FALSE(module.find_covering(VirtualAddress(kData + 0x10))) << "text symbols do not reach into data";
}

TEST_P(ModuleSymbolsTest, FindsNamesWithAllTheirNamesakes) {
  auto module = open();
  const auto holders = module.find_all("holder", 10);
  ASSERT_EQ(holders.size(), 2u);
  EXPECT_EQ(holders[0].address.value, kText + 0x140);
  EXPECT_EQ(holders[1].address.value, kText + 0x300);
  EXPECT_EQ(module.find_all("holder", 1).size(), 1u);
  EXPECT_EQ(module.address_of("alpha_lock")->value, kData + 0x40);
  for (const char* absent : {"printk", "hang.c", "$x", "", "__UNIQUE_ID_author123", "hold"}) {
    EXPECT_TRUE(module.find_all(absent, 10).empty()) << absent;
  }
  EXPECT_EQ(module.all().size(), 6u);
}

TEST_P(ModuleSymbolsTest, ReadsNothingBeforeTheFirstQuestionAndNothingForOthersAddresses) {
  auto module = open();
  EXPECT_FALSE(module.find_covering(VirtualAddress(0xffffffff81000000)));
  EXPECT_EQ(memory_.reads(), 0u);
}

TEST_P(ModuleSymbolsTest, TakesTheLetterFromTheSymbolItselfInOldKernels) {
  symbols_.clear();
  names_.assign(1, '\0');
  add("old_function", kText + 0x10, 4, '?', 't');
  add("", kText, 0, '?', 't');
  memory_.put(kSymbols, symbols_);
  memory_.put_text(kNames, names_);
  ModuleSymbols module(memory_, {"old",
                                 VirtualAddress(kSymbols),
                                 2,
                                 VirtualAddress(kNames),
                                 std::nullopt,
                                 {{VirtualAddress(kText), VirtualAddress(kText + 0x1000)}}});
  ASSERT_EQ(module.all().size(), 1u);
  EXPECT_EQ(module.all()[0].type, 't');
}

TEST_P(ModuleSymbolsTest, RefusesACountThatNoModuleHas) {
  ModuleSymbols module(memory_, {"liar",
                                 VirtualAddress(kSymbols),
                                 std::uint64_t{1} << 40,
                                 VirtualAddress(kNames),
                                 {},
                                 {{VirtualAddress(kText), VirtualAddress(kText + 0x1000)}}});
  EXPECT_FALSE(module.find_covering(VirtualAddress(kText + 0x104)));
  ASSERT_TRUE(module.problem());
  EXPECT_EQ(module.problem()->kind, ErrorKind::kLimit);
}

TEST_P(ModuleSymbolsTest, AMissingPageCostsOnlyItsSymbols) {
  for (unsigned i = 0; i < 1000; ++i) add("f" + std::to_string(i), kText + 0x400 + i, 1, 't');
  auto module = open();
  memory_.take_away(kSymbols + 0x2000, kSymbols + 0x3000);
  EXPECT_EQ(module.find_all("f999", 1).size(), 1u);
  EXPECT_EQ(module.find_all("holder", 2).size(), 2u);
  EXPECT_GT(module.all().size(), 800u);
  EXPECT_LT(module.all().size(), 900u);
  ASSERT_TRUE(module.problem());
  EXPECT_EQ(module.problem()->kind, ErrorKind::kUnreadable);
}

TEST_P(ModuleSymbolsTest, NamesOutsideOfMemoryAndWithoutAnEndAreNoNames) {
  add("last", kText + 0x500, 4, 't');
  names_.resize(0x1000, 'x');
  names_.replace(names_.find("last") + 4, 1, "x");  // no NUL at the end any more
  symbols_.resize(symbols_.size() + 24);
  store(symbols_.data() + symbols_.size() - 24, std::uint32_t{0xfffffff0}, GetParam());
  store(symbols_.data() + symbols_.size() - 18, std::uint16_t{1}, GetParam());
  store(symbols_.data() + symbols_.size() - 16, std::uint64_t{kText + 0x600}, GetParam());
  auto module = open();
  EXPECT_EQ(module.find_covering(VirtualAddress(kText + 0x604))->symbol.address.value, kText + 0x300);
}

}  // namespace
}  // namespace whyhung::debuginfo
