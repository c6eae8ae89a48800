// SPDX-License-Identifier: GPL-2.0-or-later
// Types from the DWARF of sample_code.cc's object file, compared with what the compiler itself says.
#include "debuginfo/dwarf_types.h"

#include <gtest/gtest.h>

#include <cstddef>

#include "sample_types.h"
#include "support/elf_file_builder.h"

namespace whyhung::debuginfo {
namespace {

class DwarfTypesSample : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const auto image = ElfImage::open(WHYHUNG_SAMPLE_OBJECT);
    ASSERT_TRUE(image) << image.error().what;
    const auto types = open_dwarf_types(*image, {GetParam()}, "DWARF of the sample");
    ASSERT_TRUE(types) << types.error().what;
    types_ = *types;
  }
  std::shared_ptr<TypeSource> types_;
};

// The only unit there is is found whether it is asked for or not.
INSTANTIATE_TEST_SUITE_P(FirstFiles, DwarfTypesSample, ::testing::Values("debuginfo/sample_code.cc", "other.c"));

TEST_P(DwarfTypesSample, KnowsSizes) {
  EXPECT_EQ(types_->size_of("sample_task"), sizeof(sample_task));
  EXPECT_EQ(types_->size_of("struct sample_task"), sizeof(sample_task));
  EXPECT_EQ(types_->size_of("sample_word_t"), sizeof(sample_word_t));
  EXPECT_EQ(types_->size_of("sample_atomic_t"), 4u);
  EXPECT_EQ(types_->size_of("enum sample_state"), 4u);
  EXPECT_EQ(types_->size_of("int"), 4u);
  EXPECT_EQ(types_->size_of("union sample_task"), std::nullopt);
  EXPECT_EQ(types_->size_of("absent_type"), std::nullopt);
  EXPECT_EQ(types_->size_of(""), std::nullopt);
}

TEST_P(DwarfTypesSample, KnowsMembers) {
  const auto member = [&](const char* path) { return types_->member("sample_task", path).value_or(Member()); };
  EXPECT_EQ(member("parent").offset, offsetof(sample_task, parent));
  EXPECT_TRUE(member("parent").is_pointer);
  EXPECT_EQ(member("parent").type_name, "sample_task");
  EXPECT_EQ(member("state").size, sizeof(long));
  EXPECT_TRUE(member("state").is_signed);
  EXPECT_EQ(member("number").offset, offsetof(sample_task, number));
  EXPECT_EQ(member("bytes").element_count, 12u);
  EXPECT_EQ(member("bytes[5]").offset, offsetof(sample_task, bytes) + 5);
  EXPECT_EQ(member("word").offset, offsetof(sample_task, word));
  EXPECT_EQ(member("usage").type_name, "sample_atomic_t");
  EXPECT_EQ(member("usage.counter").offset, offsetof(sample_task, usage));
  EXPECT_EQ(member("how").size, 4u);
  EXPECT_TRUE(member("how").is_signed);
  EXPECT_TRUE(member("run").is_pointer);
  EXPECT_EQ(member("name").offset, offsetof(sample_task, name));
  EXPECT_EQ(member("name").size, 16u);
  EXPECT_FALSE(types_->member("sample_task", "absent"));
  EXPECT_FALSE(types_->member("sample_task", "parent.word"));
}

TEST_P(DwarfTypesSample, IndexesArraysOfSeveralDimensions) {
  const auto table = types_->member("sample_task", "table");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->element_count, 6u);
  EXPECT_EQ(table->element_size, sizeof(sample_inner));
  EXPECT_EQ(table->size, 6 * sizeof(sample_inner));
  const auto row = types_->member("sample_task", "table[2]");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->element_count, 2u);
  EXPECT_EQ(row->offset, offsetof(sample_task, table) + 4 * sizeof(sample_inner));
  EXPECT_EQ(types_->member("sample_task", "table[2][1].b")->offset,
            offsetof(sample_task, table) + 5 * sizeof(sample_inner) + offsetof(sample_inner, b));
  EXPECT_FALSE(types_->member("sample_task", "table[3]"));
  EXPECT_FALSE(types_->member("sample_task", "table[0][2]"));
}

TEST_P(DwarfTypesSample, KnowsBitFieldsAsTheCompilerLaysThemOut) {
  alignas(sample_task) std::array<std::byte, sizeof(sample_task)> bytes{};
  auto* task = reinterpret_cast<sample_task*>(bytes.data());
  task->flag = 5;
  task->count = 0x2a7;
  for (const auto& [name, value] : {std::pair{"flag", 5u}, {"count", 0x2a7u}}) {
    const auto member = types_->member("sample_task", name);
    ASSERT_TRUE(member);
    const auto order = std::endian::native == std::endian::little ? ByteOrder::kLittle : ByteOrder::kBig;
    EXPECT_EQ(bit_field_value(*member, std::span(bytes).subspan(member->offset), order), value) << name;
  }
}

TEST_P(DwarfTypesSample, KnowsEnumerators) {
  EXPECT_EQ(types_->enumerator("SAMPLE_NEGATIVE"), -5);
  EXPECT_EQ(types_->enumerator("SAMPLE_RUNNING"), 7);
  EXPECT_EQ(types_->enumerator("SAMPLE_ABSENT"), std::nullopt);
  EXPECT_EQ(types_->enumerator("sample_state"), std::nullopt);
}

TEST_P(DwarfTypesSample, FindsManyNamesInOneWalk) {
  const std::vector<std::string_view> names = {"sample_task", "struct sample_task", "union sample_task", "absent", ""};
  const std::vector<std::string_view> enumerators = {"SAMPLE_RUNNING", "absent", ""};
  types_->prepare(names, enumerators);
  EXPECT_EQ(types_->size_of("sample_task"), sizeof(sample_task));
  EXPECT_EQ(types_->size_of("struct sample_task"), sizeof(sample_task));
  EXPECT_EQ(types_->size_of("union sample_task"), std::nullopt);
  EXPECT_EQ(types_->enumerator("SAMPLE_RUNNING"), 7);
  EXPECT_EQ(types_->size_of("sample_inner"), sizeof(sample_inner));
}

TEST_P(DwarfTypesSample, ListsMembersWithThoseOfAnonymousOnesInTheirPlace) {
  std::string names;
  for (const NamedMember& each : types_->members("sample_task")) names += each.name + " ";
  EXPECT_EQ(names, "state parent flag count number bytes table word usage how run name ");
}

TEST(DwarfTypes, AFileWithoutDwarfIsRefused) {
  test::ElfFileBuilder builder;
  builder.add_section(".text", 1, 6, 0x1000, std::vector<std::byte>(16));
  const auto image = ElfImage::open(make_memory_source(builder.build(), "vmlinux"));
  const auto types = open_dwarf_types(*image, {}, "DWARF");
  ASSERT_FALSE(types);
  EXPECT_EQ(types.error().kind, ErrorKind::kNotFound);
}

}  // namespace
}  // namespace whyhung::debuginfo
