// SPDX-License-Identifier: GPL-2.0-or-later
// How BtfTypes finds names: in any order of types, with and without asking ahead, in a module's BTF.
#include <gtest/gtest.h>

#include "debuginfo/btf.h"
#include "support/btf_builder.h"
#include "support/fake_memory.h"

namespace whyhung::debuginfo {
namespace {

using test::BtfBuilder;
using test::FakeMemory;

constexpr std::uint64_t kAddress = 0xffffffff82000000;

VirtualRange put(FakeMemory& memory, std::uint64_t address, const BtfBuilder& builder) {
  const auto bytes = builder.build();
  memory.put(address, bytes);
  return {VirtualAddress(address), VirtualAddress(address + bytes.size())};
}

std::shared_ptr<BtfTypes> open(FakeMemory& memory, const BtfBuilder& builder) {
  auto opened = BtfTypes::open(memory, put(memory, kAddress, builder), "test BTF");
  EXPECT_TRUE(opened) << opened.error().what;
  return *opened;
}

// Structures s0, s1, … whose size tells which they are, among types that no one asks for.
void add_many(BtfBuilder& builder, unsigned count) {
  const auto integer = builder.integer("int", 4);
  for (unsigned i = 0; i < count; ++i) {
    builder.pointer(integer);
    builder.structure("s" + std::to_string(i), 100 + i, {{"member" + std::to_string(i), integer, i * 8}});
  }
}

TEST(BtfSearch, FindsEachOfThousandsOfTypesInAnyOrderOfAsking) {
  FakeMemory memory;
  BtfBuilder builder;
  add_many(builder, 3000);
  const auto types = open(memory, builder);
  for (unsigned i = 2999; i < 3000; i -= 7) {
    const std::string name = "s" + std::to_string(i);
    EXPECT_EQ(types->size_of(name), 100 + i);
    EXPECT_EQ(types->member(name, "member" + std::to_string(i))->offset, i);
  }
  EXPECT_EQ(types->size_of("s3000"), std::nullopt);
  EXPECT_FALSE(types->problem());
}

TEST(BtfSearch, ReadsOnlyTheBeginningWhenAllIsFoundThere) {
  FakeMemory memory;
  BtfBuilder builder;
  add_many(builder, 20000);
  const auto types = open(memory, builder);
  const std::vector<std::string_view> names = {"s1", "s20", "s3", "s17"};
  types->prepare(names, {});
  const std::uint64_t after_preparing = memory.bytes_read();
  EXPECT_LT(after_preparing, 20000u);
  for (const auto name : names) EXPECT_TRUE(types->size_of(name));
  EXPECT_EQ(memory.bytes_read(), after_preparing) << "all answers are known";
}

TEST(BtfSearch, ANameThatIsNoStringCostsNoWalkOverTheTypes) {
  FakeMemory memory;
  BtfBuilder builder;
  add_many(builder, 20000);
  const std::uint64_t all = builder.build().size();
  const std::uint64_t strings = builder.end_string();
  const auto types = open(memory, builder);
  EXPECT_EQ(types->size_of("pcpu_hot"), std::nullopt);
  const std::uint64_t once = memory.bytes_read();
  EXPECT_LT(once, strings + 100);
  EXPECT_LT(once, all / 2);
  EXPECT_EQ(types->size_of("pcpu_hot"), std::nullopt);
  EXPECT_EQ(memory.bytes_read(), once) << "that it is absent is remembered";
}

TEST(BtfSearch, PreparesTypesAndEnumeratorsTogether) {
  FakeMemory memory;
  BtfBuilder builder;
  builder.structure("task_struct", 64, {});
  builder.enumeration("multi_stop_state", {{"MULTI_STOP_NONE", 0}, {"MULTI_STOP_PREPARE", 1}});
  builder.union_of("value", 8, {});
  const auto types = open(memory, builder);
  const std::vector<std::string_view> names = {"task_struct", "struct value", "union value", "absent", "",
                                               "enum nowhere"};
  const std::vector<std::string_view> enumerators = {"MULTI_STOP_PREPARE", "ABSENT", "task_struct", ""};
  types->prepare(names, enumerators);
  const std::uint64_t read = memory.bytes_read();
  EXPECT_EQ(types->size_of("task_struct"), 64u);
  EXPECT_EQ(types->size_of("struct value"), std::nullopt);
  EXPECT_EQ(types->size_of("union value"), 8u);
  EXPECT_EQ(types->size_of("absent"), std::nullopt);
  EXPECT_EQ(types->enumerator("MULTI_STOP_PREPARE"), 1);
  EXPECT_EQ(types->enumerator("ABSENT"), std::nullopt);
  EXPECT_EQ(memory.bytes_read(), read);
}

TEST(BtfSearch, AKeywordChoosesAmongNamesakes) {
  FakeMemory memory;
  BtfBuilder builder;
  const auto integer = builder.integer("int", 4);
  builder.function("page", builder.function_type(0, {}));
  builder.forward("page");
  builder.type_definition("page", integer);
  builder.structure("page", 64, {{"flags", integer, 0}});
  builder.enumeration("page", {});
  builder.structure("page", 80, {});
  const auto types = open(memory, builder);
  EXPECT_EQ(types->size_of("page"), 4u) << "the first that is a type with a size";
  EXPECT_EQ(types->size_of("struct page"), 64u);
  EXPECT_EQ(types->size_of("enum page"), 4u);
  EXPECT_EQ(types->size_of("union page"), std::nullopt);
  EXPECT_EQ(types->size_of("page"), 4u) << "what was asked in between does not change the answer";
  EXPECT_EQ(types->size_of("structpage"), std::nullopt);
  EXPECT_EQ(types->size_of("struct "), std::nullopt);
}

TEST(BtfSearch, FindsNamesThatCrossTheChunksOfTheStrings) {
  FakeMemory memory;
  BtfBuilder builder;
  // Strings of many lengths, so that every chunk boundary cuts one somewhere.
  for (unsigned i = 0; i < 600; ++i) builder.structure(std::string(1 + i % 37, 'x') + std::to_string(i), i, {});
  const auto types = open(memory, builder);
  for (unsigned i = 0; i < 600; ++i) {
    EXPECT_EQ(types->size_of(std::string(1 + i % 37, 'x') + std::to_string(i)), i);
  }
}

TEST(BtfSearch, ThePartOfAStringIsNotItsName) {
  FakeMemory memory;
  BtfBuilder builder;
  builder.structure("mutex_waiter", 40, {});
  const auto types = open(memory, builder);
  EXPECT_EQ(types->size_of("waiter"), std::nullopt);
  EXPECT_EQ(types->size_of("mutex"), std::nullopt);
  EXPECT_EQ(types->size_of("mutex_waiter"), 40u);
}

class BtfSplit : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto integer = base_.integer("int", 4, 1);
    list_ = base_.structure("list_head", 16, {});
    base_.structure("shared", 4, {{"counter", integer, 0}});
    types_ = open(memory_, base_);
    module_ = BtfBuilder(ByteOrder::kLittle, base_.next_id(), base_.end_string());
  }
  std::shared_ptr<BtfTypes> open_module() {
    auto opened = BtfTypes::open_split(memory_, put(memory_, kAddress + 0x100000, module_), types_, "module BTF");
    EXPECT_TRUE(opened) << opened.error().what;
    return *opened;
  }

  FakeMemory memory_;
  BtfBuilder base_;
  BtfBuilder module_;
  std::shared_ptr<BtfTypes> types_;
  std::uint32_t list_ = 0;
};

TEST_F(BtfSplit, ContinuesTheIdsAndStringsOfItsBase) {
  module_.structure("hanglab", 24, {{"entries", list_, 0}, {"own", module_.next_id() + 1, 128}});
  module_.type_definition("own_t", 1);
  const auto types = open_module();
  EXPECT_EQ(types->size_of("hanglab"), 24u);
  const auto entries = types->member("hanglab", "entries");
  ASSERT_TRUE(entries);
  EXPECT_EQ(entries->size, 16u);
  EXPECT_EQ(entries->type_name, "list_head");
  EXPECT_EQ(types->member("hanglab", "own")->type_name, "int");
  EXPECT_EQ(types->size_of("own_t"), 4u);
}

TEST_F(BtfSplit, UsesStringsOfItsBaseForItsOwnNames) {
  // "shared" is a string of the base already, so pahole gives it no second one.
  module_.record(4, "", 1, false, 8, {0, 1, 32});
  auto bytes = module_.build();
  const std::uint32_t shared = base_.string("shared"), counter = base_.string("counter");
  store(bytes.data() + 24, shared, ByteOrder::kLittle);
  store(bytes.data() + 36, counter, ByteOrder::kLittle);
  memory_.put(kAddress + 0x100000, bytes);
  auto opened = BtfTypes::open_split(
      memory_, {VirtualAddress(kAddress + 0x100000), VirtualAddress(kAddress + 0x100000 + bytes.size())}, types_, "m");
  ASSERT_TRUE(opened);
  EXPECT_EQ((*opened)->size_of("shared"), 8u);
  EXPECT_EQ((*opened)->member("shared", "counter")->offset, 4u);
  EXPECT_EQ(types_->size_of("shared"), 4u);
}

TEST_F(BtfSplit, DoesNotAnswerForItsBase) {
  module_.structure("hanglab", 24, {});
  EXPECT_EQ(open_module()->size_of("list_head"), std::nullopt);
}

TEST_F(BtfSplit, FindsModuleTypesAfterTheBaseWasWalkedOver) {
  module_.structure("hanglab", 24, {{"entries", list_, 0}});
  EXPECT_EQ(types_->size_of("absent"), std::nullopt);
  EXPECT_EQ(types_->size_of("shared"), 4u);
  EXPECT_EQ(open_module()->member("hanglab", "entries")->size, 16u);
}

}  // namespace
}  // namespace whyhung::debuginfo
