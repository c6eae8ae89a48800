// SPDX-License-Identifier: GPL-2.0-or-later
// BTF that lies: about its size, its counts, its names, and with types that run in circles.
#include <gtest/gtest.h>

#include "debuginfo/btf.h"
#include "support/btf_builder.h"
#include "support/fake_memory.h"

namespace whyhung::debuginfo {
namespace {

using test::BtfBuilder;
using test::BtfMember;
using test::FakeMemory;

constexpr std::uint64_t kAddress = 0xffff800001000000;

Result<std::shared_ptr<BtfTypes>> open(FakeMemory& memory, std::vector<std::byte> bytes) {
  const VirtualRange range{VirtualAddress(kAddress), VirtualAddress(kAddress + bytes.size())};
  memory.put(kAddress, std::move(bytes));
  return BtfTypes::open(memory, range, "test BTF");
}

std::vector<std::byte> small_blob() {
  BtfBuilder builder;
  builder.structure("first", 8, {{"a", builder.integer("int", 4), 0}});
  return builder.build();
}

TEST(BtfHostile, RefusesAHeaderThatIsNotBtf) {
  FakeMemory memory;
  auto bytes = small_blob();
  bytes[0] = std::byte{0};
  EXPECT_EQ(open(memory, bytes).error().kind, ErrorKind::kCorrupt);
  bytes = small_blob();
  bytes[2] = std::byte{2};
  EXPECT_EQ(open(memory, bytes).error().kind, ErrorKind::kUnsupported);
  EXPECT_EQ(open(memory, {bytes.begin(), bytes.begin() + 23}).error().kind, ErrorKind::kTruncated);
  EXPECT_EQ(open(memory, {}).error().kind, ErrorKind::kTruncated);
}

TEST(BtfHostile, RefusesSectionsOutsideOfTheRange) {
  // hdr_len, type_off, type_len, str_off, str_len
  for (const std::size_t field : {4, 8, 12, 16, 20}) {
    for (const std::uint32_t lie : {0x7fffffffu, 0xffffffffu, 0x1000u}) {
      FakeMemory memory;
      auto bytes = small_blob();
      store(bytes.data() + field, lie, ByteOrder::kLittle);
      const auto opened = open(memory, bytes);
      ASSERT_FALSE(opened) << field << " " << lie;
      EXPECT_EQ(opened.error().kind, ErrorKind::kCorrupt);
    }
  }
}

TEST(BtfHostile, RefusesARangeLargerThanAnyKernelsAndAnUnreadableOne) {
  FakeMemory memory;
  memory.put(kAddress, small_blob());
  const auto huge = BtfTypes::open(memory, {VirtualAddress(kAddress), VirtualAddress(kAddress + (1u << 30))}, "BTF");
  EXPECT_EQ(huge.error().kind, ErrorKind::kLimit);
  const auto nowhere = BtfTypes::open(memory, {VirtualAddress(16), VirtualAddress(5000)}, "BTF");
  EXPECT_EQ(nowhere.error().kind, ErrorKind::kUnreadable);
}

TEST(BtfHostile, EveryTruncationIsSurvived) {
  const auto whole = small_blob();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    FakeMemory memory;
    const VirtualRange range{VirtualAddress(kAddress), VirtualAddress(kAddress + whole.size())};
    memory.put(kAddress, {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
    const auto opened = BtfTypes::open(memory, range, "BTF");
    if (!opened) continue;
    EXPECT_EQ((*opened)->size_of("absent"), std::nullopt);
    EXPECT_TRUE((*opened)->problem()) << size;
  }
}

TEST(BtfHostile, FindsWhatComesBeforeAnUnknownKindAndSaysWhyNotMore) {
  FakeMemory memory;
  BtfBuilder builder;
  builder.structure("before", 8, {});
  builder.record(25, "strange", 0, false, 0, {});
  builder.structure("behind", 8, {});
  const auto types = *open(memory, builder.build());
  EXPECT_EQ(types->size_of("before"), 8u);
  EXPECT_EQ(types->size_of("behind"), std::nullopt);
  ASSERT_TRUE(types->problem());
  EXPECT_EQ(types->problem()->kind, ErrorKind::kUnsupported);
  EXPECT_NE(types->problem()->what.find("type 2 is of kind 25"), std::string::npos) << types->problem()->what;
}

TEST(BtfHostile, ACountThatLeavesTheSectionEndsTheWalk) {
  FakeMemory memory;
  BtfBuilder builder;
  builder.record(4, "liar", 0xffffff, false, 8, {0, 0, 0});
  const auto types = *open(memory, builder.build());
  EXPECT_EQ(types->size_of("liar"), std::nullopt);
  ASSERT_TRUE(types->problem());
  EXPECT_EQ(types->problem()->kind, ErrorKind::kCorrupt);
}

TEST(BtfHostile, TypedefsAndArraysInACircleHaveNoSize) {
  FakeMemory memory;
  BtfBuilder builder;
  builder.type_definition("ping", 2);
  builder.type_definition("pong", 1);
  builder.array(3, 2);
  builder.type_definition("ouroboros", 3);
  builder.structure("holder", 8, {{"p", 1, 0}, {"o", 3, 0}, {"x", 999, 0}});
  const auto types = *open(memory, builder.build());
  EXPECT_EQ(types->size_of("ping"), std::nullopt);
  EXPECT_EQ(types->size_of("ouroboros"), std::nullopt);
  EXPECT_FALSE(types->member("holder", "p"));
  EXPECT_FALSE(types->member("holder", "o"));
  EXPECT_FALSE(types->member("holder", "o[1][1]"));
  EXPECT_FALSE(types->member("holder", "x"));
  EXPECT_TRUE(types->members("holder").empty());
}

TEST(BtfHostile, AnonymousStructuresThatContainThemselvesEndTheSearch) {
  FakeMemory memory;
  BtfBuilder builder;
  const std::uint32_t self = builder.next_id();
  const std::vector<BtfMember> many(64, BtfMember{"", self, 8});
  builder.structure("endless", 8, many);
  const auto types = *open(memory, builder.build());
  EXPECT_FALSE(types->member("endless", "anything"));
  EXPECT_TRUE(types->members("endless").empty());
}

TEST(BtfHostile, SizesThatOverflowAreNoSizes) {
  FakeMemory memory;
  BtfBuilder builder;
  auto type = builder.integer("int", 4);
  for (int dimension = 0; dimension < 3; ++dimension) type = builder.array(type, 0xffffffff);
  builder.type_definition("vast", type);
  builder.structure("holder", 8, {{"v", type, 0}});
  const auto types = *open(memory, builder.build());
  EXPECT_EQ(types->size_of("vast"), std::nullopt);
  EXPECT_FALSE(types->member("holder", "v"));
  EXPECT_FALSE(types->member("holder", "v[4294967294][4294967294][4294967294]"));
}

TEST(BtfHostile, NamesOutsideOfTheStringsAndWithoutAnEndAreNoNames) {
  FakeMemory memory;
  BtfBuilder builder;
  builder.structure("alpha", 8, {{"m", builder.integer("int", 4), 0}});
  auto bytes = builder.build();
  bytes.back() = std::byte{'x'};  // the last string, "m" or "alpha", has no end any more
  store(bytes.data() + 24, std::uint32_t{0xfffffff0}, ByteOrder::kLittle);  // the int's name
  const auto types = *open(memory, bytes);
  EXPECT_EQ(types->size_of("int"), std::nullopt);
  EXPECT_FALSE(types->member("alpha", "mx"));
}

TEST(BtfHostile, AHoleInTheTypesIsReportedNotGuessedOver) {
  FakeMemory memory;
  BtfBuilder builder;
  for (unsigned i = 0; i < 2000; ++i) builder.structure("s" + std::to_string(i), i, {});
  auto bytes = builder.build();
  const VirtualRange range{VirtualAddress(kAddress), VirtualAddress(kAddress + bytes.size())};
  memory.put(kAddress, std::move(bytes));
  memory.take_away(kAddress + 0x1000, kAddress + 0x2000);
  const auto types = *BtfTypes::open(memory, range, "BTF");
  EXPECT_EQ(types->size_of("s10"), 10u);
  EXPECT_EQ(types->size_of("s1900"), std::nullopt);
  ASSERT_TRUE(types->problem());
  EXPECT_EQ(types->problem()->kind, ErrorKind::kUnreadable);
}

TEST(BtfHostile, AHoleInTheStringsLosesOnlyTheNamesInIt) {
  FakeMemory memory;
  BtfBuilder builder;
  for (unsigned i = 0; i < 2000; ++i) builder.structure("structure_number_" + std::to_string(i), i, {});
  auto bytes = builder.build();
  const std::uint64_t strings = kAddress + 24 + 2000 * 12;
  const VirtualRange range{VirtualAddress(kAddress), VirtualAddress(kAddress + bytes.size())};
  memory.put(kAddress, std::move(bytes));
  memory.take_away((strings + 0x3000) & ~0xfffull, (strings + 0x4000) & ~0xfffull);
  const auto types = *BtfTypes::open(memory, range, "BTF");
  unsigned found = 0;
  for (unsigned i = 0; i < 2000; ++i) {
    const auto size = types->size_of("structure_number_" + std::to_string(i));
    if (!size) continue;
    EXPECT_EQ(*size, i);
    ++found;
  }
  EXPECT_GT(found, 1700u);
  EXPECT_LT(found, 2000u);
  EXPECT_TRUE(types->problem());
}

TEST(BtfHostile, AModulesBtfOnABrokenBaseIsRefused) {
  FakeMemory memory;
  BtfBuilder builder;
  builder.record(25, "strange", 0, false, 0, {});
  const auto base = *open(memory, builder.build());
  BtfBuilder module(ByteOrder::kLittle, 2, builder.end_string());
  module.structure("own", 8, {});
  const auto bytes = module.build();
  memory.put(0x9000, bytes);
  const auto opened =
      BtfTypes::open_split(memory, {VirtualAddress(0x9000), VirtualAddress(0x9000 + bytes.size())}, base, "module BTF");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::kUnsupported);
}

}  // namespace
}  // namespace whyhung::debuginfo
