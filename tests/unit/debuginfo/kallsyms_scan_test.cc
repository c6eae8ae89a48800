// SPDX-License-Identifier: GPL-2.0-or-later
#include "debuginfo/kallsyms_scan.h"

#include <gtest/gtest.h>

#include "support/kallsyms_builder.h"

namespace whyhung::debuginfo {
namespace {

using test::FakeMemory;
using test::KallsymsBuilder;
using test::KallsymsLayout;

constexpr std::uint64_t kText = 0xffffffff81000000;
constexpr std::uint64_t kTables = kText + 0x41238;
const KnownSymbol kStext{"_stext", VirtualAddress(kText)};
const VirtualRange kImage{VirtualAddress(kText), VirtualAddress(kText + 0x200000)};

KallsymsBuilder make_builder(KallsymsLayout layout, unsigned count) {
  KallsymsBuilder builder(layout);
  builder.relative_base(kText).add('T', "_stext", kText);
  for (unsigned i = 0; i < count; ++i) builder.add('T', "function_" + std::to_string(i), kText + 16 * (i + 1));
  return builder;
}

struct Shape {
  KallsymsLayout layout;
  ByteOrder order;
  unsigned count;
};
class KallsymsScan : public ::testing::TestWithParam<Shape> {};

// Counts on both sides of a whole number of blocks and of an odd number of markers: the padding differs.
INSTANTIATE_TEST_SUITE_P(Kernels, KallsymsScan, ::testing::ValuesIn([] {
                           std::vector<Shape> shapes;
                           for (int layout = 0; layout < 6; ++layout) {
                             for (const unsigned count : {1500u, 1535u, 1536u, 1279u, 1281u, 4001u, 4002u, 4003u}) {
                               shapes.push_back({static_cast<KallsymsLayout>(layout), ByteOrder::kLittle, count});
                               shapes.push_back({static_cast<KallsymsLayout>(layout), ByteOrder::kBig, count});
                             }
                           }
                           return shapes;
                         }()));

TEST_P(KallsymsScan, FindsTheTablesInTheImage) {
  FakeMemory memory(GetParam().order);
  memory.make_pages_whole();
  memory.put(kText, std::vector<std::byte>(0x40000, std::byte{0xcc}));
  // False starts: digits alone, and digits with something like an index.
  memory.put_text(kText + 0x40000, std::string_view("xx0\0"
                                                    "1\0"
                                                    "2\0"
                                                    "3\0"
                                                    "4\0"
                                                    "5\0"
                                                    "6\0"
                                                    "7\0"
                                                    "8\0"
                                                    "9\0"
                                                    "zz",
                                                    24));
  const auto builder = make_builder(GetParam().layout, GetParam().count);
  // kTables is aligned to 8 bytes only.
  const auto tables = builder.put(memory, kTables);
  std::uint64_t last_report = 0;
  const auto found = find_kallsyms(memory, kImage, std::span(&kStext, 1), [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_LE(done, total);
    EXPECT_GE(done, last_report);
    last_report = done;
  });
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_GT(last_report, 0u);
  ASSERT_EQ((*found)->count(), builder.symbols().size());
  const auto named = Kallsyms::open(memory, tables, std::span(&kStext, 1));
  ASSERT_TRUE(named);
  EXPECT_EQ((*found)->mode(), (*named)->mode());
  EXPECT_EQ((*found)->has_order(), (*named)->has_order());
  for (std::uint32_t i = 0; i < builder.symbols().size(); i += 7) {
    ASSERT_TRUE((*found)->symbol_at(i));
    EXPECT_EQ((*found)->symbol_at(i)->name, builder.symbols()[i].name);
    EXPECT_EQ((*found)->symbol_at(i)->address.value, builder.symbols()[i].address);
  }
}

TEST(KallsymsScanFails, WhenNothingIsThere) {
  FakeMemory memory;
  memory.put(kText, std::vector<std::byte>(0x100000));
  const auto found = find_kallsyms(memory, kImage, std::span(&kStext, 1), {});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::kNotFound);
  EXPECT_FALSE(found.error().hint.empty());
}

TEST(KallsymsScanFails, WhenTheTablesAreAnotherKernels) {
  FakeMemory memory;
  make_builder(KallsymsLayout::kOffsets, 1000).put(memory, kTables);
  const KnownSymbol elsewhere{"_stext", VirtualAddress(kText + 0x1000)};
  EXPECT_FALSE(find_kallsyms(memory, kImage, std::span(&elsewhere, 1), {}));
}

TEST(KallsymsScanFails, WithoutAKnownSymbolOrARange) {
  FakeMemory memory;
  EXPECT_EQ(find_kallsyms(memory, kImage, {}, {}).error().kind, ErrorKind::kUsage);
  EXPECT_EQ(find_kallsyms(memory, {}, std::span(&kStext, 1), {}).error().kind, ErrorKind::kUsage);
}

TEST(KallsymsScanFails, SoonOnAnImageFullOfFalseStarts) {
  // Digits, then an index that fits them, over and over; before each, words that climb like markers.
  FakeMemory memory;
  std::vector<std::byte> bytes;
  for (unsigned i = 0; i < 20000; ++i) {
    bytes.resize(bytes.size() + 4);
    store(bytes.data() + bytes.size() - 4, std::uint32_t{i * 1000}, ByteOrder::kLittle);
  }
  const std::size_t markers = bytes.size();
  for (unsigned start = 0; start < 40; ++start) {
    std::array<std::uint16_t, 256> index;
    const std::size_t table = bytes.size();
    for (unsigned token = 0; token < 256; ++token) {
      index[token] = static_cast<std::uint16_t>(bytes.size() - table);
      if (token >= '0' && token <= '9') bytes.push_back(static_cast<std::byte>(token));
      bytes.push_back(std::byte{0});
    }
    while (bytes.size() % 8 != 0) bytes.push_back(std::byte{0});
    for (const std::uint16_t entry : index) {
      bytes.resize(bytes.size() + 2);
      store(bytes.data() + bytes.size() - 2, entry, ByteOrder::kLittle);
    }
    bytes.insert(bytes.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(start == 0 ? markers : 4000));
  }
  memory.put(kText, bytes);
  EXPECT_FALSE(find_kallsyms(memory, {kImage.begin, kImage.begin + bytes.size()}, std::span(&kStext, 1), {}));
}

TEST(KallsymsScanFails, NotWhenPagesBeforeTheTablesAreMissing) {
  FakeMemory memory;
  memory.make_pages_whole();
  memory.put(kText, std::vector<std::byte>(0x30000, std::byte{'0'}));
  memory.take_away(kText + 0x1000, kText + 0x5000);
  make_builder(KallsymsLayout::kOffsets, 1000).put(memory, kTables);
  EXPECT_TRUE(find_kallsyms(memory, kImage, std::span(&kStext, 1), {}));
}

}  // namespace
}  // namespace whyhung::debuginfo
