// SPDX-License-Identifier: GPL-2.0-or-later
// Kallsyms over tables of every layout and address mode that kernels have had.
#include "debuginfo/kallsyms.h"

#include <gtest/gtest.h>

#include "support/kallsyms_builder.h"

namespace whyhung::debuginfo {
namespace {

using test::FakeMemory;
using test::KallsymsBuilder;
using test::KallsymsLayout;
using test::KallsymsSymbol;

constexpr std::uint64_t kText = 0xffffffff81000000;
constexpr std::uint64_t kTables = 0xffffffff82000000;

struct Shape {
  KallsymsLayout layout;
  KallsymsMode mode;
  ByteOrder order;
  unsigned symbols;
};

std::string name_of(const ::testing::TestParamInfo<Shape>& info) {
  constexpr const char* kLayouts[] = {"Longs", "Offsets", "OrderInside", "Reordered", "Places"};
  return std::string(kLayouts[static_cast<int>(info.param.layout)]) +
         (info.param.mode == KallsymsMode::kBaseRelativeOrPerCpu ? "PerCpu" : "") +
         (info.param.order == ByteOrder::kBig ? "Big" : "Little") + std::to_string(info.param.symbols);
}

// A table with `count` functions after _stext, with aliases, namesakes and, in the per-CPU mode, symbols near zero.
KallsymsBuilder make_builder(const Shape& shape) {
  KallsymsBuilder builder(shape.layout);
  builder.relative_base(kText);
  if (shape.mode == KallsymsMode::kBaseRelativeOrPerCpu) {
    builder.per_cpu_absolute().add('A', "__per_cpu_start", 0).add('A', "cpu_number", 0x1f000);
  }
  builder.add('T', "_stext", kText).add('T', "_text", kText);
  for (unsigned i = 0; i < shape.symbols; ++i) {
    const std::uint64_t address = kText + 0x1000 + std::uint64_t{i} * 0x40;
    if (i % 10 == 3) {
      builder.add('t', "cleanup", address);
    } else if (i % 10 == 7) {
      builder.add('T', "__x64_sys_call" + std::to_string(i), address).add('T', "sys_call" + std::to_string(i), address);
    } else {
      builder.add(i % 2 == 0 ? 'T' : 't', "do_init_task_locking" + std::to_string(i), address);
    }
  }
  return builder.add('B', "_end", kText + 0x1000000).add('D', "__init_scratch_begin", kText + 0x2000000);
}

class KallsymsShapes : public ::testing::TestWithParam<Shape> {
 protected:
  void SetUp() override {
    tables_ = builder_.put(memory_, kTables);
    auto opened = Kallsyms::open(memory_, tables_, std::span(&kStext, 1));
    ASSERT_TRUE(opened) << opened.error().what;
    kallsyms_ = *opened;
  }
  static inline const KnownSymbol kStext{"_stext", VirtualAddress(kText)};
  FakeMemory memory_{GetParam().order};
  KallsymsBuilder builder_ = make_builder(GetParam());
  KallsymsTables tables_;
  std::shared_ptr<Kallsyms> kallsyms_;
};

constexpr auto kLittle = ByteOrder::kLittle;
constexpr auto kBig = ByteOrder::kBig;
INSTANTIATE_TEST_SUITE_P(
    Kernels, KallsymsShapes,
    ::testing::Values(Shape{KallsymsLayout::kLongs, KallsymsMode::kAbsolute, kLittle, 2000},
                      Shape{KallsymsLayout::kLongs, KallsymsMode::kAbsolute, kBig, 700},
                      Shape{KallsymsLayout::kOffsets, KallsymsMode::kBaseRelative, kLittle, 2001},
                      Shape{KallsymsLayout::kOffsets, KallsymsMode::kBaseRelative, kBig, 2002},
                      Shape{KallsymsLayout::kOffsets, KallsymsMode::kBaseRelativeOrPerCpu, kLittle, 2003},
                      Shape{KallsymsLayout::kOrderInside, KallsymsMode::kBaseRelativeOrPerCpu, kLittle, 2004},
                      Shape{KallsymsLayout::kOrderInside, KallsymsMode::kBaseRelative, kBig, 300},
                      Shape{KallsymsLayout::kOrderInside, KallsymsMode::kBaseRelative, kLittle, 2005},
                      Shape{KallsymsLayout::kReordered, KallsymsMode::kBaseRelative, kBig, 2006},
                      Shape{KallsymsLayout::kReordered, KallsymsMode::kBaseRelativeOrPerCpu, kLittle, 2007},
                      Shape{KallsymsLayout::kPlaces, KallsymsMode::kPlaceRelative, kLittle, 2008},
                      Shape{KallsymsLayout::kPlaces, KallsymsMode::kPlaceRelative, kBig, 2009},
                      Shape{KallsymsLayout::kPlaces, KallsymsMode::kPlaceRelative, kLittle, 20}),
    name_of);

TEST_P(KallsymsShapes, KnowsHowTheAddressesAreMeant) {
  EXPECT_EQ(kallsyms_->mode(), GetParam().mode);
  EXPECT_EQ(kallsyms_->count(), builder_.symbols().size());
  const bool has_order = GetParam().layout != KallsymsLayout::kLongs && GetParam().layout != KallsymsLayout::kOffsets;
  EXPECT_EQ(kallsyms_->has_order(), has_order);
}

TEST_P(KallsymsShapes, DecodesEverySymbol) {
  for (std::uint32_t i = 0; i < builder_.symbols().size(); ++i) {
    const auto symbol = kallsyms_->symbol_at(i);
    ASSERT_TRUE(symbol) << i;
    const KallsymsSymbol& expected = builder_.symbols()[i];
    EXPECT_EQ(symbol->name, expected.name);
    EXPECT_EQ(symbol->type, expected.type);
    EXPECT_EQ(symbol->address.value, expected.address);
    EXPECT_TRUE(symbol->module.empty());
  }
  EXPECT_FALSE(kallsyms_->symbol_at(kallsyms_->count()));
}

TEST_P(KallsymsShapes, FindsEveryName) {
  for (const KallsymsSymbol& expected : builder_.symbols()) {
    if (expected.name == "cleanup") continue;
    const auto found = kallsyms_->find_all(expected.name, 10);
    ASSERT_EQ(found.size(), 1u) << expected.name;
    EXPECT_EQ(found[0].address.value, expected.address);
  }
  EXPECT_TRUE(kallsyms_->find_all("do_init_task_lockin", 10).empty());
  EXPECT_TRUE(kallsyms_->find_all("zzz", 10).empty());
  EXPECT_TRUE(kallsyms_->find_all("", 10).empty());
  EXPECT_TRUE(kallsyms_->find_all("T_stext", 10).empty());
}

TEST_P(KallsymsShapes, GivesNamesakesInOrderOfAddressesUpToTheLimit) {
  const std::size_t all = (GetParam().symbols + 6) / 10;
  const auto found = kallsyms_->find_all("cleanup", 100000);
  ASSERT_EQ(found.size(), all);
  for (std::size_t i = 1; i < found.size(); ++i) EXPECT_LT(found[i - 1].address, found[i].address);
  EXPECT_EQ(kallsyms_->find_all("cleanup", 1).size(), 1u);
  EXPECT_EQ(kallsyms_->find_all("cleanup", 1)[0].address, found[0].address);
  EXPECT_EQ(kallsyms_->address_of("cleanup"), found[0].address);
}

TEST_P(KallsymsShapes, ExplainsAddressesWithinSymbols) {
  for (unsigned i = 0; i < GetParam().symbols; i += 3) {
    const VirtualAddress start(kText + 0x1000 + std::uint64_t{i} * 0x40);
    for (const std::uint64_t inside : {0, 1, 0x3f}) {
      const auto at = kallsyms_->find_covering(start + inside);
      ASSERT_TRUE(at);
      EXPECT_EQ(at->symbol.address, start);
      EXPECT_EQ(at->offset, inside);
      if (i + 1 < GetParam().symbols) {
        EXPECT_EQ(at->symbol.size, 0x40u);
      }
    }
  }
}

TEST_P(KallsymsShapes, PrefersTheAliasWithoutUnderscoresElseTheFirst) {
  EXPECT_EQ(kallsyms_->find_covering(VirtualAddress(kText + 0x1000 + 7 * 0x40 + 5))->symbol.name, "sys_call7");
  EXPECT_EQ(kallsyms_->find_covering(VirtualAddress(kText))->symbol.name, "_stext");
}

TEST_P(KallsymsShapes, CoversNothingOutsideOfTheKernel) {
  EXPECT_FALSE(kallsyms_->find_covering(VirtualAddress(0)));
  EXPECT_FALSE(kallsyms_->find_covering(VirtualAddress(0x1f010))) << "a per-CPU offset is not an address";
  EXPECT_FALSE(kallsyms_->find_covering(VirtualAddress(kText - 1)));
  EXPECT_TRUE(kallsyms_->find_covering(VirtualAddress(kText + 0xffffff)));
  EXPECT_FALSE(kallsyms_->find_covering(VirtualAddress(kText + 0x1000000))) << "_end is where the kernel ends";
  EXPECT_FALSE(kallsyms_->find_covering(VirtualAddress(0xffffffffc0000000))) << "a module's address";
  EXPECT_FALSE(kallsyms_->find_covering(VirtualAddress(~std::uint64_t{0})));
}

TEST_P(KallsymsShapes, AnswersPreparedNamesWithoutSearchingAgain) {
  std::vector<std::string> names;
  for (unsigned i = 0; i < GetParam().symbols; i += 2) names.push_back("do_init_task_locking" + std::to_string(i));
  names.push_back("absent");
  names.push_back("absent");
  names.push_back("");
  kallsyms_->prepare(std::vector<std::string_view>(names.begin(), names.end()));
  const std::uint64_t read = memory_.reads();
  EXPECT_TRUE(kallsyms_->find_all("absent", 1).empty());
  EXPECT_EQ(memory_.reads(), read);
  EXPECT_EQ(kallsyms_->find_all("do_init_task_locking0", 1).at(0).address.value, kText + 0x1000);
}

TEST(Kallsyms, LooksUpANameThroughTheOrderWithFewReads) {
  FakeMemory memory;
  const auto builder = make_builder({KallsymsLayout::kPlaces, KallsymsMode::kPlaceRelative, kLittle, 20000});
  const auto tables = builder.put(memory, kTables);
  const KnownSymbol known{"_stext", VirtualAddress(kText)};
  const auto kallsyms = *Kallsyms::open(memory, tables, std::span(&known, 1));
  const std::uint64_t before = memory.bytes_read();
  EXPECT_TRUE(kallsyms->address_of("do_init_task_locking12340"));
  EXPECT_LT(memory.bytes_read() - before, 60000u) << "of some 300,000 bytes of names";
}

TEST(Kallsyms, ReadsNamesOfMoreThan127Tokens) {
  FakeMemory memory;
  KallsymsBuilder builder(KallsymsLayout::kPlaces);
  std::string long_name = "_R";
  while (long_name.size() < 500) long_name += "xyzzy9";
  builder.add('T', "_stext", kText);
  for (unsigned i = 0; i < 600; ++i)
    builder.add('t', i % 100 == 50 ? long_name : "f" + std::to_string(i), kText + i + 1);
  const auto tables = builder.put(memory, kTables);
  const KnownSymbol known{"_stext", VirtualAddress(kText)};
  const auto kallsyms = *Kallsyms::open(memory, tables, std::span(&known, 1));
  EXPECT_EQ(kallsyms->find_all(long_name, 10).size(), 6u);
  EXPECT_EQ(kallsyms->symbol_at(600)->name, "f599");
}

TEST(Kallsyms, TellsOneByteLengthsFromTwoByteOnesByTheMarkers) {
  // Names of exactly 128 tokens in a table from before lengths could take two bytes.
  FakeMemory memory;
  KallsymsBuilder builder(KallsymsLayout::kOffsets);
  builder.plain_tokens().relative_base(kText).add('T', "_stext", kText);
  for (unsigned i = 0; i < 600; ++i) {
    builder.add('t', i % 7 == 0 ? std::string(123, 'n') + std::to_string(1000 + i) : "f" + std::to_string(i),
                kText + i + 1);
  }
  const auto tables = builder.put(memory, kTables);
  const KnownSymbol known{"_stext", VirtualAddress(kText)};
  const auto opened = Kallsyms::open(memory, tables, std::span(&known, 1));
  ASSERT_TRUE(opened) << opened.error().what;
  for (std::uint32_t i = 0; i < builder.symbols().size(); ++i) {
    EXPECT_EQ((*opened)->symbol_at(i)->name, builder.symbols()[i].name);
  }
}

TEST(Kallsyms, WalksOverAllNamesWhereNoMarkersAreFound) {
  FakeMemory memory;
  const auto builder = make_builder({KallsymsLayout::kPlaces, KallsymsMode::kPlaceRelative, kLittle, 1500});
  auto tables = builder.put(memory, kTables);
  // The token table moved elsewhere: nothing tells any more where the markers are.
  std::vector<std::byte> tokens(tables.token_index - tables.token_table + 512);
  ASSERT_TRUE(memory.read(tables.token_table, tokens));
  const VirtualAddress elsewhere(kTables + 0x1000000);
  memory.put(elsewhere.value, tokens);
  tables.token_index = elsewhere + (tables.token_index - tables.token_table);
  tables.token_table = elsewhere;
  const KnownSymbol known{"_stext", VirtualAddress(kText)};
  const auto opened = Kallsyms::open(memory, tables, std::span(&known, 1));
  ASSERT_TRUE(opened) << opened.error().what;
  for (std::uint32_t i = 0; i < builder.symbols().size(); ++i) {
    EXPECT_EQ((*opened)->symbol_at(i)->name, builder.symbols()[i].name);
  }
}

TEST(Kallsyms, FollowsASlidKernelThroughItsRelocatedBase) {
  FakeMemory memory;
  constexpr std::uint64_t kSlide = 0x1a000000;
  KallsymsBuilder builder(KallsymsLayout::kOffsets);
  builder.relative_base(kText + kSlide);
  builder.add('T', "_stext", kText + kSlide).add('T', "schedule", kText + kSlide + 0x500);
  const auto tables = builder.put(memory, kTables + kSlide);
  const KnownSymbol known{"_stext", VirtualAddress(kText + kSlide)};
  const auto kallsyms = *Kallsyms::open(memory, tables, std::span(&known, 1));
  EXPECT_EQ(kallsyms->address_of("schedule")->value, kText + kSlide + 0x500);
}

TEST(Kallsyms, OneOfSeveralKnownSymbolsIsEnough) {
  FakeMemory memory;
  const auto builder = make_builder({KallsymsLayout::kOffsets, KallsymsMode::kBaseRelative, kLittle, 300});
  const auto tables = builder.put(memory, kTables);
  // Kernels without KALLSYMS_ALL name no data.
  const std::vector<KnownSymbol> known = {{"init_uts_ns", VirtualAddress(kText + 0x90000)},
                                          {"_stext", VirtualAddress(kText)}};
  EXPECT_TRUE(Kallsyms::open(memory, tables, known));
}

}  // namespace
}  // namespace whyhung::debuginfo
