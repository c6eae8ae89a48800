// SPDX-License-Identifier: GPL-2.0-or-later
// Distilled types answer as the debug information does that they were cut out of, and a damaged file is refused with
// the line that is wrong.
#include "debuginfo/distilled.h"

#include <gtest/gtest.h>

#include "debuginfo/dwarf_types.h"
#include "sample_types.h"
#include "support/elf_file_builder.h"

namespace whyhung::debuginfo {
namespace {

constexpr std::array<std::string_view, 5> kWords = {"sample_task", "sample_atomic_t", "SAMPLE_NEGATIVE", "parent",
                                                    "sample_outer"};

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}
Result<std::shared_ptr<const DistilledFile>> read(std::vector<std::byte> bytes) {
  return read_distilled(*make_memory_source(std::move(bytes), "k.types"));
}
std::string why(std::string_view text) {
  const auto file = read(bytes_of(text));
  return file ? "" : file.error().what;
}

class DistilledSample : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto image = ElfImage::open(WHYHUNG_SAMPLE_OBJECT);
    ASSERT_TRUE(image) << image.error().what;
    const auto source = open_dwarf_types(*image, {}, "DWARF");
    ASSERT_TRUE(source) << source.error().what;
    source_ = *source;
    DistilledFile made;
    distill_types(*source_, kWords, made);
    packed_ = write_distilled(made);
    const auto file = read(packed_);
    ASSERT_TRUE(file) << file.error().what;
    file_ = *file;
    types_ = distilled_types(file_, "k");
  }
  std::shared_ptr<GraphSource> source_;
  std::vector<std::byte> packed_;
  std::shared_ptr<const DistilledFile> file_;
  std::shared_ptr<TypeSource> types_;
};

TEST_F(DistilledSample, AnswersAsItsSource) {
  EXPECT_EQ(types_->size_of("sample_task"), sizeof(sample_task));
  EXPECT_EQ(types_->size_of("struct sample_task"), sizeof(sample_task));
  EXPECT_EQ(types_->size_of("enum sample_task"), std::nullopt);
  EXPECT_EQ(types_->size_of("sample_atomic_t"), 4u);
  const auto all = source_->members("sample_task");
  ASSERT_GT(all.size(), 10u);
  EXPECT_EQ(types_->members("sample_task").size(), all.size());
  for (const char* path : {"state", "parent", "flag", "count", "number", "bytes", "bytes[5]", "table", "table[2]",
                           "table[2][1].b", "word", "usage", "usage.counter", "how", "run", "name"}) {
    const auto wanted = source_->member("sample_task", path);
    const auto got = types_->member("sample_task", path);
    ASSERT_TRUE(wanted && got) << path;
    EXPECT_EQ(got->offset, wanted->offset) << path;
    EXPECT_EQ(got->size, wanted->size) << path;
    EXPECT_EQ(got->bit_offset, wanted->bit_offset) << path;
    EXPECT_EQ(got->bit_size, wanted->bit_size) << path;
    EXPECT_EQ(got->element_size, wanted->element_size) << path;
    EXPECT_EQ(got->element_count, wanted->element_count) << path;
    EXPECT_EQ(got->is_pointer, wanted->is_pointer) << path;
    EXPECT_EQ(got->is_signed, wanted->is_signed) << path;
    EXPECT_EQ(got->type_name, wanted->type_name) << path;
  }
  EXPECT_EQ(types_->enumerator("SAMPLE_NEGATIVE"), -5);
}

TEST_F(DistilledSample, HoldsNothingThatWasNotAskedFor) {
  EXPECT_EQ(types_->size_of("sample_inner"), std::nullopt) << "it is there only as a part";
  EXPECT_EQ(types_->size_of("parent"), std::nullopt) << "a word that names no type";
  EXPECT_EQ(types_->enumerator("SAMPLE_RUNNING"), std::nullopt);
  EXPECT_EQ(types_->member("sample_task", "absent"), std::nullopt);
}

TEST_F(DistilledSample, IsRefusedWhenItWasCutOrDamaged) {
  for (std::size_t size = 0; size < packed_.size(); ++size) {
    EXPECT_FALSE(read({packed_.begin(), packed_.begin() + static_cast<std::ptrdiff_t>(size)})) << size;
  }
  for (std::size_t at = 10; at < packed_.size() - 8; ++at) {
    auto damaged = packed_;
    damaged[at] ^= std::byte{1};
    EXPECT_FALSE(read(damaged)) << "byte " << at << ": the checksum tells";
  }
}

TEST(Distilled, KeepsIdentityAndSymbols) {
  DistilledFile made;
  made.build_id = "00ff";
  made.banner = "Linux version 3.10.0 (a b) #1";
  made.machine = 21;
  made.byte_order = ByteOrder::kBig;
  made.origin = "DWARF";
  made.symbols = {{"init_task", {0xc000000000001000, false}}, {"runqueues", {0x1b40, true}}};
  const auto file = read(write_distilled(made));
  ASSERT_TRUE(file) << file.error().what;
  EXPECT_EQ((*file)->build_id, "00ff");
  EXPECT_EQ((*file)->banner, made.banner);
  EXPECT_EQ((*file)->machine, 21);
  EXPECT_EQ((*file)->byte_order, ByteOrder::kBig);
  EXPECT_EQ((*file)->origin, "DWARF");
  const auto symbols = distilled_symbols(*file, 0x100000);
  EXPECT_EQ(symbols->address_of("init_task"), VirtualAddress(0xc000000000101000));
  EXPECT_EQ(symbols->address_of("runqueues"), VirtualAddress(0x1b40)) << "an offset is not moved";
  EXPECT_EQ(symbols->address_of("absent"), std::nullopt);
  EXPECT_FALSE(symbols->find_covering(VirtualAddress(0xc000000000101000)));
  EXPECT_EQ(distilled_types(*file, "")->per_cpu_offset("runqueues"), 0x1b40u);
  EXPECT_EQ(distilled_types(*file, "")->per_cpu_offset("init_task"), std::nullopt);
}

TEST(Distilled, OneStructWithTwoNamesKeepsBoth) {
  // enough of a file: a nameless struct seen through two typedefs
  const auto file =
      read(bytes_of("whyhung-types 1\nstruct 4 one_t\nstruct 4 two_t\nname 1 one_t\nname 2 two_t\nend\n"));
  ASSERT_TRUE(file);
  const auto types = distilled_types(*file, "");
  EXPECT_EQ(types->size_of("one_t"), 4u);
  EXPECT_EQ(types->size_of("two_t"), 4u);
}

TEST(Distilled, TellsWhatIsWrongWithAFile) {
  EXPECT_EQ(why(""), "k.types: not a file of distilled types");
  EXPECT_EQ(why("KDUMP   and so on"), "k.types: not a file of distilled types");
  EXPECT_EQ(why("whyhung-types 2\nend\n"), "k.types: distilled types of version 2; this whyhung reads 1");
  EXPECT_EQ(why("whyhung-types 1\n"), "k.types: cut off: its end is missing");
  EXPECT_EQ(why("whyhung-types 1\nend"), "k.types: cut off: its end is missing");
  for (const char* line : {"what", "build-id", "build-id XY", "machine 65536", "machine", "order middle",
                           "member 0 0 0 x", "struct x y", "enum 4 2 e", "base 4 1 0", "pointer 8", "array 1",
                           "name x y", "enumerator 99999999999999999999 E", "address 1g x", "end of it"}) {
    EXPECT_EQ(why(fmt::format("whyhung-types 1\n{}\nend\n", line)), "k.types: damaged: line 2 makes no sense") << line;
  }
  EXPECT_NE(why("whyhung-types 1\nname 1 a\nname 2 a\nend\n").find("line 3"), std::string::npos) << "twice";
  EXPECT_NE(why("whyhung-types 1\nend\nend\n").find("line 3"), std::string::npos) << "after the end";
  EXPECT_NE(why("whyhung-types 1\nstruct 8 a\nmember 0 65 0 x\nend\n").find("line 3"), std::string::npos);
  EXPECT_NE(why("whyhung-types 1\nbanner " + std::string(5000, 'x') + "\nend\n").find("line 2"), std::string::npos);
  EXPECT_EQ(why("whyhung-types 1\nend\n"), "");
}

TEST(Distilled, IdsThatLeadNowhereOrInCirclesAreNoAnswer) {
  const auto file =
      read(bytes_of("whyhung-types 1\nstruct 8 a\nmember 0 0 1\nmember 0 0 9 far\nmember 0 0 2 loop\n"
                    "array 2 3\npointer 8 9\nname 1 a\nname 2 loop\nname 3 pointer\nname 7 gone\n"
                    "name 18446744073709551615 most\nend\n"));
  ASSERT_TRUE(file) << file.error().what;
  const auto types = distilled_types(*file, "");
  EXPECT_EQ(types->size_of("a"), 8u);
  EXPECT_EQ(types->member("a", "far"), std::nullopt);
  EXPECT_EQ(types->member("a", "loop"), std::nullopt);
  EXPECT_EQ(types->member("a", "nothing"), std::nullopt);
  EXPECT_TRUE(types->members("a").empty());
  for (const char* name : {"loop", "gone", "most", "struct gone"})
    EXPECT_EQ(types->size_of(name), std::nullopt) << name;
  EXPECT_EQ(types->size_of("pointer"), 8u);
}

TEST(Distill, TakesIdentityAndSymbolsOutOfAVmlinux) {
  test::ElfFileBuilder builder;
  builder.add_build_id("0a0b0c0d");
  const auto data = builder.add_section(".rodata", 1, test::ElfFileBuilder::kAlloc, 0xffffffff82000000,
                                        bytes_of(std::string("pad.Linux version 6.1 (x) #1\n\0", 30)));
  const auto percpu = builder.add_section(".data..percpu", 8, test::ElfFileBuilder::kAlloc, 0, {}, 0x2000);
  builder.add_symbol("linux_banner", 0xffffffff82000004, 26, 0x11, data);
  builder.add_symbol("runqueues", 0x40, 8, 0x11, percpu);
  const auto image = ElfImage::open(make_memory_source(builder.build(), "vmlinux"));
  ASSERT_TRUE(image) << image.error().what;
  const auto none = distill(*image, TypesOf::kAny, kWords, {});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().what, "vmlinux: no DWARF debug information");
  EXPECT_EQ(distill(*image, TypesOf::kBtf, kWords, {}).error().what, "vmlinux: it has no BTF");
}

}  // namespace
}  // namespace whyhung::debuginfo
