// SPDX-License-Identifier: GPL-2.0-or-later
// What BtfTypes says about sizes and members, kind by kind.
#include <gtest/gtest.h>

#include "debuginfo/btf.h"
#include "support/btf_builder.h"
#include "support/fake_memory.h"

namespace whyhung::debuginfo {
namespace {

using test::BtfBuilder;
using test::FakeMemory;

constexpr std::uint64_t kAddress = 0xffffffff82000123;  // kernels do not align it either

class BtfLayout : public ::testing::TestWithParam<ByteOrder> {
 protected:
  BtfTypes& open() {
    const auto bytes = builder_.build();
    memory_.put(kAddress, bytes);
    auto opened =
        BtfTypes::open(memory_, {VirtualAddress(kAddress), VirtualAddress(kAddress + bytes.size())}, "test BTF");
    EXPECT_TRUE(opened) << opened.error().what;
    types_ = *opened;
    return *types_;
  }

  BtfBuilder builder_{GetParam()};
  // The order of BTF is its own affair: the memory's may differ.
  FakeMemory memory_{ByteOrder::kLittle};
  std::shared_ptr<BtfTypes> types_;
};

INSTANTIATE_TEST_SUITE_P(ByteOrders, BtfLayout, ::testing::Values(ByteOrder::kLittle, ByteOrder::kBig),
                         [](const auto& each) { return each.param == ByteOrder::kLittle ? "Little" : "Big"; });

TEST_P(BtfLayout, KnowsTheSizeOfEachKindThatHasOne) {
  const auto integer = builder_.integer("int", 4, 1);
  builder_.integer("__int128", 16, 1);
  builder_.structure("list_head", 16, {});
  builder_.union_of("nothing", 0, {});
  builder_.enumeration("colour", {{"RED", 0}});
  builder_.enumeration64("wide", {{"BIG", 1}});
  builder_.floating("double", 8);
  builder_.type_definition("table", builder_.array(builder_.array(integer, 3), 5));
  builder_.type_definition("handle", builder_.pointer(0));
  builder_.type_definition("cvint", builder_.const_of(builder_.volatile_of(builder_.restrict_of(
                                        builder_.type_tag("rcu", builder_.decl_tag("tag", integer))))));
  builder_.function("run", builder_.function_type(integer, {integer, integer}));
  builder_.forward("unfinished");
  builder_.type_definition("alias_of_void", 0);
  BtfTypes& types = open();
  EXPECT_EQ(types.size_of("int"), 4u);
  EXPECT_EQ(types.size_of("__int128"), 16u);
  EXPECT_EQ(types.size_of("list_head"), 16u);
  EXPECT_EQ(types.size_of("nothing"), 0u);
  EXPECT_EQ(types.size_of("colour"), 4u);
  EXPECT_EQ(types.size_of("wide"), 8u);
  EXPECT_EQ(types.size_of("double"), 8u);
  EXPECT_EQ(types.size_of("table"), 60u);
  EXPECT_EQ(types.size_of("handle"), 8u);
  EXPECT_EQ(types.size_of("cvint"), 4u);
  EXPECT_EQ(types.size_of("run"), std::nullopt);
  EXPECT_EQ(types.size_of("unfinished"), std::nullopt);
  EXPECT_EQ(types.size_of("alias_of_void"), std::nullopt);
  EXPECT_EQ(types.size_of(""), std::nullopt);
  EXPECT_FALSE(types.problem());
}

TEST_P(BtfLayout, FindsAMemberWithItsOffsetSizeAndType) {
  const auto integer = builder_.integer("int", 4, 1);
  const auto task = builder_.next_id() + 1;  // the struct below names itself
  builder_.pointer(task);
  builder_.structure("task_struct", 40, {{"state", integer, 0}, {"flags", integer, 32}, {"parent", task - 1, 64}});
  BtfTypes& types = open();
  const auto flags = types.member("task_struct", "flags");
  ASSERT_TRUE(flags);
  EXPECT_EQ(flags->offset, 4u);
  EXPECT_EQ(flags->size, 4u);
  EXPECT_EQ(flags->type_name, "int");
  EXPECT_TRUE(flags->is_signed);
  EXPECT_FALSE(flags->is_pointer);
  EXPECT_EQ(flags->bit_size, 0u);
  const auto parent = types.member("task_struct", "parent");
  ASSERT_TRUE(parent);
  EXPECT_EQ(parent->offset, 8u);
  EXPECT_EQ(parent->size, 8u);
  EXPECT_TRUE(parent->is_pointer);
  EXPECT_EQ(parent->type_name, "task_struct");
  EXPECT_FALSE(types.member("task_struct", "no_such"));
  EXPECT_FALSE(types.member("no_such", "flags"));
  EXPECT_FALSE(types.member("task_struct", "parent.flags")) << "a pointer is not looked through";
}

TEST_P(BtfLayout, LooksThroughAnonymousMembersAndDottedPaths) {
  const auto integer = builder_.integer("int", 4);
  const auto inner = builder_.structure("", 8, {{"a", integer, 0}, {"b", integer, 32}});
  const auto choice = builder_.union_of("", 8, {{"whole", builder_.integer("long", 8), 0}, {"", inner, 0}});
  const auto wrapped = builder_.const_of(builder_.type_definition("choice_t", choice));
  const auto pair = builder_.structure("pair", 16, {{"x", integer, 32}, {"", wrapped, 64}});
  builder_.structure("outer", 64, {{"first", pair, 128}, {"second", builder_.volatile_of(pair), 256}});
  BtfTypes& types = open();
  EXPECT_EQ(types.member("pair", "b")->offset, 12u);
  EXPECT_EQ(types.member("pair", "whole")->offset, 8u);
  EXPECT_EQ(types.member("outer", "first.x")->offset, 20u);
  EXPECT_EQ(types.member("outer", "second.b")->offset, 44u);
  EXPECT_FALSE(types.member("outer", "b")) << "only anonymous members are looked through";
  EXPECT_FALSE(types.member("outer", "first..x"));
  EXPECT_FALSE(types.member("outer", "first."));
  EXPECT_FALSE(types.member("outer", ""));
}

TEST_P(BtfLayout, ANamedMemberWinsOverOneInsideAnAnonymousMemberBeforeIt) {
  const auto integer = builder_.integer("int", 4);
  const auto inner = builder_.structure("", 4, {{"value", integer, 0}});
  builder_.structure("both", 8, {{"", inner, 0}, {"value", integer, 32}});
  EXPECT_EQ(open().member("both", "value")->offset, 4u);
}

TEST_P(BtfLayout, IndexesArraysOfAnyDimension) {
  const auto integer = builder_.integer("int", 4);
  const auto entry = builder_.structure("entry", 24, {{"base", integer, 0}, {"size", integer, 64}});
  const auto entries = builder_.type_definition("entries_t", builder_.array(entry, 7));
  const auto grid = builder_.array(builder_.array(integer, 3), 2);
  const auto flexible = builder_.array(entry, 0);
  builder_.structure("module", 400, {{"mem", entries, 64}, {"grid", grid, 2048}, {"tail", flexible, 3200}});
  BtfTypes& types = open();
  const auto mem = types.member("module", "mem");
  ASSERT_TRUE(mem);
  EXPECT_EQ(mem->offset, 8u);
  EXPECT_EQ(mem->size, 168u);
  EXPECT_EQ(mem->element_size, 24u);
  EXPECT_EQ(mem->element_count, 7u);
  EXPECT_EQ(mem->type_name, "entry");
  EXPECT_EQ(types.member("module", "mem[2].size")->offset, 8u + 48 + 8);
  EXPECT_EQ(types.member("module", "mem[6]")->element_count, 0u);
  EXPECT_FALSE(types.member("module", "mem[7]"));
  EXPECT_FALSE(types.member("module", "mem[0][0]"));
  EXPECT_FALSE(types.member("module", "mem[-1]"));
  EXPECT_FALSE(types.member("module", "mem[1"));
  EXPECT_FALSE(types.member("module", "mem.size"));
  EXPECT_EQ(types.member("module", "grid[1][2]")->offset, 256u + 20);
  const auto row = types.member("module", "grid[1]");
  EXPECT_EQ(row->offset, 256u + 12);
  EXPECT_EQ(row->element_count, 3u);
  EXPECT_EQ(types.member("module", "grid")->element_count, 6u);
  const auto tail = types.member("module", "tail");
  EXPECT_EQ(tail->size, 0u);
  EXPECT_EQ(tail->element_size, 24u);
  EXPECT_EQ(types.member("module", "tail[1000].base")->offset, 400u + 24000);
  EXPECT_FALSE(types.member("module", "tail[1844674407370955161]")) << "the offset does not fit";
}

TEST_P(BtfLayout, ReadsBitFieldsOfBothEncodings) {
  const auto word = builder_.integer("unsigned int", 4);
  const auto old_field = builder_.integer("unsigned int", 4, 0, 3);
  builder_.structure("now", 8, {{"plain", word, 0}, {"low", word, 33, 5}, {"high", word, 45, 10}});
  builder_.structure("then", 8, {{"plain", word, 0}, {"field", old_field, 37}});
  BtfTypes& types = open();
  const auto low = types.member("now", "low");
  ASSERT_TRUE(low);
  EXPECT_EQ(low->offset, 4u);
  EXPECT_EQ(low->bit_offset, 1u);
  EXPECT_EQ(low->bit_size, 5u);
  EXPECT_EQ(low->size, 4u);
  const auto high = types.member("now", "high");
  EXPECT_EQ(high->offset, 5u);
  EXPECT_EQ(high->bit_offset, 5u);
  EXPECT_EQ(bit_field_bytes(*high), 2u);
  EXPECT_EQ(types.member("now", "plain")->bit_size, 0u);
  const auto field = types.member("then", "field");
  EXPECT_EQ(field->offset, 4u);
  EXPECT_EQ(field->bit_offset, 5u);
  EXPECT_EQ(field->bit_size, 3u);
}

TEST_P(BtfLayout, NamesATypedefWhereTheTypeHasNoNameOfItsOwn) {
  const auto integer = builder_.integer("int", 4, 1);
  const auto atomic = builder_.type_definition("atomic_t", builder_.structure("", 4, {{"counter", integer, 0}}));
  const auto spin = builder_.type_definition("spinlock_t", builder_.structure("spinlock", 4, {}));
  builder_.structure("user", 24,
                     {{"count", atomic, 0},
                      {"lock", spin, 32},
                      {"where", builder_.pointer(atomic), 64},
                      {"what", builder_.pointer(0), 128}});
  BtfTypes& types = open();
  EXPECT_EQ(types.member("user", "count")->type_name, "atomic_t");
  EXPECT_EQ(types.member("user", "lock")->type_name, "spinlock");
  EXPECT_EQ(types.member("user", "where")->type_name, "atomic_t");
  EXPECT_EQ(types.member("user", "what")->type_name, "void");
  EXPECT_EQ(types.member("atomic_t", "counter")->offset, 0u);
}

TEST_P(BtfLayout, ListsMembersWithThoseOfAnonymousOnesInTheirPlace) {
  const auto integer = builder_.integer("int", 4);
  const auto inner = builder_.union_of("", 4, {{"b", integer, 0}, {"c", integer, 0}});
  builder_.structure("abcd", 12, {{"a", integer, 0}, {"", inner, 32}, {"d", integer, 64}});
  const auto members = open().members("abcd");
  ASSERT_EQ(members.size(), 4u);
  EXPECT_EQ(members[0].name, "a");
  EXPECT_EQ(members[1].name, "b");
  EXPECT_EQ(members[2].name, "c");
  EXPECT_EQ(members[2].member.offset, 4u);
  EXPECT_EQ(members[3].name, "d");
  EXPECT_EQ(members[3].member.offset, 8u);
}

TEST_P(BtfLayout, GivesEnumeratorsOfAllWidthsAndSigns) {
  builder_.enumeration("plain", {{"ZERO", 0}, {"ALL_ONES", 0xffffffff}});
  builder_.enumeration("negative", {{"MINUS_ONE", -1}}, true);
  builder_.enumeration64("wide", {{"HUGE_ONE", std::int64_t{1} << 40}, {"LOWEST", INT64_MIN}});
  BtfTypes& types = open();
  EXPECT_EQ(types.enumerator("ZERO"), 0);
  EXPECT_EQ(types.enumerator("ALL_ONES"), 0xffffffff);
  EXPECT_EQ(types.enumerator("MINUS_ONE"), -1);
  EXPECT_EQ(types.enumerator("HUGE_ONE"), std::int64_t{1} << 40);
  EXPECT_EQ(types.enumerator("LOWEST"), INT64_MIN);
  EXPECT_EQ(types.enumerator("plain"), std::nullopt);
  EXPECT_EQ(types.enumerator("ABSENT"), std::nullopt);
  EXPECT_EQ(types.enumerator("ABSENT"), std::nullopt);
}

TEST_P(BtfLayout, PlacesPerCpuVariablesInTheirSection) {
  const auto integer = builder_.integer("int", 4);
  const auto other = builder_.variable("elsewhere", integer);
  builder_.data_section(".data", {{other, 99, 4}});
  // In kernels with sorted BTF the section comes before its variables.
  const auto first = builder_.next_id() + 1;
  builder_.data_section(".data..percpu", {{first, 8, 4}, {first + 1, 0x2c0, 4}});
  builder_.variable("cpu_number", integer);
  builder_.variable("runqueues", integer);
  BtfTypes& types = open();
  EXPECT_EQ(types.per_cpu_offset("cpu_number"), 8u);
  EXPECT_EQ(types.per_cpu_offset("runqueues"), 0x2c0u);
  EXPECT_EQ(types.per_cpu_offset("elsewhere"), std::nullopt);
}

TEST_P(BtfLayout, SkipsKindsItDoesNotKnowWhenTheBlobGivesTheirSizes) {
  std::vector<std::pair<std::uint8_t, std::uint8_t>> sizes(22);
  sizes[21] = {8, 4};
  builder_.set_layout(sizes);
  builder_.record(21, "strange", 2, false, 0, {1, 2, 3, 4});
  builder_.structure("behind", 32, {});
  BtfTypes& types = open();
  EXPECT_EQ(types.size_of("behind"), 32u);
  EXPECT_FALSE(types.problem());
}

}  // namespace
}  // namespace whyhung::debuginfo
