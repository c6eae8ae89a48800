// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include "dump_test_support.h"
#include "support/elf_core_builder.h"

namespace whyhung::dump {
namespace {

using test::build_core;
using test::Bytes;
using test::CoreForm;
using test::CoreSegment;
using test::sample_image;

Bytes filled(std::size_t size, unsigned char value) {
  return Bytes(size, std::byte{value});
}

class EveryElfCore : public testing::TestWithParam<std::tuple<ByteOrder, bool>> {};

TEST_P(EveryElfCore, ReadsBackTheMemoryThatItWasMadeFrom) {
  const auto image = sample_image(31);
  CoreForm form;
  form.order = std::get<0>(GetParam());
  form.many_headers = std::get<1>(GetParam());
  const auto dump = must_open(build_core(segments_of(image), form));
  ASSERT_TRUE(dump);
  EXPECT_EQ(all_remarks(*dump), "");
  EXPECT_EQ(dump->facts().format, "ELF vmcore");
  EXPECT_EQ(dump->facts().elf_machine, 62);
  EXPECT_EQ(dump->facts().header_byte_order, form.order);
  EXPECT_EQ(dump->facts().page_frames, image.frames);
  EXPECT_TRUE(dump->facts().partial);
  EXPECT_EQ(dump->facts().timestamp, 1700000000u);
  EXPECT_EQ(dump->notes().size(), 3u);
  EXPECT_EQ(dump->vmcoreinfo(), test::kSampleVmcoreinfo);
  expect_image(*dump, image);
  expect_pages(*dump, image);
}

INSTANTIATE_TEST_SUITE_P(ElfCore, EveryElfCore,
                         testing::Combine(testing::Values(ByteOrder::kLittle, ByteOrder::kBig), testing::Bool()));

TEST(ElfCore, SegmentsAreGivenAsTheFileHasThem) {
  const CoreSegment segments[] = {{0x100000, 0xffffffff81000000, filled(8192, 1), 8192, 1},
                                  {0, 0xffff888000000000, filled(4096, 2), 12288, 1}};
  const auto dump = must_open(build_core(segments, {}));
  ASSERT_TRUE(dump);
  ASSERT_EQ(dump->segments().size(), 2u);
  EXPECT_EQ(dump->segments()[0].virtual_begin.value, 0xffffffff81000000);
  EXPECT_EQ(dump->segments()[0].physical_begin.value, 0x100000u);
  EXPECT_EQ(dump->segments()[1].file_size, 4096u);
  EXPECT_EQ(dump->segments()[1].memory_size, 12288u);
}

TEST(ElfCore, MemoryWithoutBytesInTheFileWasLeftOut) {
  const CoreSegment segments[] = {{0, 0, filled(4096, 2), 12288, 1}};
  const auto dump = must_open(build_core(segments, {}));
  EXPECT_EQ(fault_at(*dump, 0xfff), std::nullopt);
  EXPECT_EQ(fault_at(*dump, 0x1000), FaultKind::kFilteredOut);
  EXPECT_EQ(fault_at(*dump, 0x3000), FaultKind::kBeyondDump);
}

TEST(ElfCore, OverlappingSegmentsAreBothUsed) {
  // The kernel's image has a segment of its own inside of that of the memory around it.
  Bytes memory(0x8000);
  for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = static_cast<std::byte>(i >> 8);
  const Bytes image(memory.begin() + 0x2000, memory.begin() + 0x5000);
  const CoreSegment segments[] = {{0x12000, 0xffffffff81000000, image, image.size(), 1},
                                  {0x10000, 0xffff888000010000, memory, memory.size(), 1}};
  const auto dump = must_open(build_core(segments, {}));
  const auto all = read_bytes(*dump, 0x10000, 0x8000);
  ASSERT_TRUE(all);
  EXPECT_EQ(*all, memory);
  // The other way round: the smaller one begins first and reaches into the larger.
  const CoreSegment staggered[] = {{0x10000, 0, Bytes(memory.begin(), memory.begin() + 0x3000), 0x3000, 1},
                                   {0x12000, 0, Bytes(memory.begin() + 0x2000, memory.end()), 0x6000, 1}};
  const auto second = must_open(build_core(staggered, {}));
  const auto both = read_bytes(*second, 0x10000, 0x8000);
  ASSERT_TRUE(both);
  EXPECT_EQ(*both, memory);
}

TEST(ElfCore, BytesOfOneSegmentStandInForThoseThatAnotherLeftOut) {
  const CoreSegment segments[] = {{0, 0, {}, 0x4000, 1}, {0x1000, 0x1000, filled(0x1000, 5), 0x1000, 1}};
  const auto dump = must_open(build_core(segments, {}));
  EXPECT_EQ(fault_at(*dump, 0), FaultKind::kFilteredOut);
  EXPECT_EQ(fault_at(*dump, 0x1000), std::nullopt);
  EXPECT_EQ(fault_at(*dump, 0x2000), FaultKind::kFilteredOut);
}

TEST(ElfCore, ASegmentMayEndInsideOfAPage) {
  // As the first megabyte of a PC does: usable up to 0x9fc00.
  const CoreSegment segments[] = {{0x1000, 0x1000, filled(0x9ec00, 3), 0x9ec00, 1},
                                  {0x100000, 0x100000, filled(0x1000, 4), 0x1000, 1}};
  const auto dump = must_open(build_core(segments, {}));
  ASSERT_TRUE(dump);
  EXPECT_TRUE(read_bytes(*dump, 0x9fb00, 0x100));
  const auto across = read_bytes(*dump, 0x9fb00, 0x101);
  ASSERT_FALSE(across);
  EXPECT_EQ(across.error(), (ReadFault{FaultKind::kBeyondDump, 0x9fc00}));
  EXPECT_EQ(fault_at(*dump, 0x9fc00), FaultKind::kBeyondDump);
  EXPECT_TRUE(read_bytes(*dump, 0x9fbff, 1));
}

TEST(ElfCore, NeighbouringSegmentsInOnePageReadAsOne) {
  const CoreSegment segments[] = {{0x800, 0, filled(0x400, 1), 0x400, 1}, {0xc00, 0, filled(0x800, 2), 0x800, 1}};
  CoreForm form;
  const auto dump = must_open(build_core(std::vector(segments, segments + 2), form));
  EXPECT_EQ(fault_at(*dump, 0x7ff), FaultKind::kBeyondDump);
  Bytes expected = filled(0x400, 1);
  const Bytes second = filled(0x800, 2);
  expected.insert(expected.end(), second.begin(), second.end());
  const auto bytes = read_bytes(*dump, 0x800, 0xc00);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(*bytes, expected);
}

TEST(ElfCore, SegmentsWithoutAPhysicalAddressAreNotMemory) {
  const CoreSegment segments[] = {{~std::uint64_t{0}, 0xffffc90000000000, filled(4096, 1), 4096, 1},
                                  {0x2000, 0xffff888000002000, filled(4096, 2), 4096, 1}};
  const auto dump = must_open(build_core(segments, {}));
  ASSERT_TRUE(dump);
  EXPECT_EQ(dump->facts().page_frames, 3u);
  EXPECT_EQ(all_remarks(*dump), "");
  EXPECT_EQ(dump->segments().size(), 2u);
  EXPECT_EQ(fault_at(*dump, 0x2000), std::nullopt);
}

TEST(ElfCore, ImpossibleSegmentsAreSkippedWithARemark) {
  const CoreSegment segments[] = {{std::uint64_t{1} << 63, 0, filled(4096, 1), 4096, 1},
                                  {0x2000, 0, filled(4096, 2), ~std::uint64_t{0}, 1},
                                  {0x3000, 0, filled(4096, 3), 4096, 1}};
  const auto dump = must_open(build_core(segments, {}));
  ASSERT_TRUE(dump);
  EXPECT_NE(all_remarks(*dump).find("2 of 3 segments"), std::string::npos) << all_remarks(*dump);
  EXPECT_EQ(fault_at(*dump, 0x3000), std::nullopt);
}

TEST(ElfCore, ACutFileReadsAsFarAsItGoes) {
  const CoreSegment segments[] = {{0, 0, filled(0x4000, 1), 0x4000, 1}, {0x10000, 0, filled(0x4000, 2), 0x4000, 1}};
  Bytes bytes = build_core(segments, {});
  bytes.resize(bytes.size() - 0x4000 - 0x800);
  const auto dump = must_open(bytes);
  ASSERT_TRUE(dump);
  EXPECT_TRUE(dump->facts().incomplete);
  EXPECT_NE(all_remarks(*dump).find("18432 bytes"), std::string::npos) << all_remarks(*dump);
  EXPECT_EQ(fault_at(*dump, 0x37ff), std::nullopt);
  EXPECT_EQ(fault_at(*dump, 0x3800), FaultKind::kTruncated);
  EXPECT_EQ(fault_at(*dump, 0x10000), FaultKind::kTruncated);
  EXPECT_EQ(fault_at(*dump, 0x14000), FaultKind::kBeyondDump);
}

TEST(ElfCore, AWriterThatRanOutOfSpaceLeavesItsMark) {
  const CoreSegment segments[] = {{0, 0, filled(0x1000, 1), 0x1000, 1}, {0, 0, {}, 0, 0}};
  CoreForm form;
  form.flags = 1;
  EXPECT_TRUE(must_open(build_core(segments, form))->facts().incomplete);
  // On some machines that bit of e_flags has another meaning.
  EXPECT_FALSE(must_open(build_core(std::span(segments, 1), form))->facts().incomplete);
}

TEST(ElfCore, TheKernelsPageSizeIsUsedWhenAllSegmentsFitIt) {
  CoreForm form;
  form.notes = test::sample_notes(form.order, "PAGESIZE=65536\n");
  const CoreSegment fitting[] = {{0x10000, 0, filled(0x20000, 1), 0x20000, 1}};
  EXPECT_EQ(must_open(build_core(fitting, form))->facts().page_size, 65536u);
  const CoreSegment odd[] = {{0x10000, 0, filled(0x21000, 1), 0x21000, 1}};
  EXPECT_EQ(must_open(build_core(odd, form))->facts().page_size, 4096u);
  form.notes = test::sample_notes(form.order, "PAGESIZE=12345\n");
  EXPECT_EQ(must_open(build_core(fitting, form))->facts().page_size, 4096u);
}

TEST(ElfCore, WhatIsNoKernelsCoreIsNamed) {
  const CoreSegment segments[] = {{0, 0x400000, filled(4096, 1), 4096, 1}, {0, 0x7fff0000, filled(4096, 1), 4096, 1}};
  EXPECT_NE(error_of(build_core(segments, {})).find("core of a process"), std::string::npos);
  CoreForm program;
  program.type = 2;
  const auto vmlinux = open_bytes(build_core(segments, program));
  ASSERT_FALSE(vmlinux);
  EXPECT_EQ(vmlinux.error().kind, ErrorKind::kNotADump);
  EXPECT_NE(vmlinux.error().what.find("vmlinux"), std::string::npos);
  EXPECT_NE(vmlinux.error().hint.find("vmcore"), std::string::npos);
  CoreForm module;
  module.type = 1;
  EXPECT_NE(error_of(build_core(segments, module)).find("kernel module"), std::string::npos);
  CoreForm narrow;
  narrow.is_32_bit = true;
  EXPECT_NE(error_of(build_core(segments, narrow)).find("32-bit"), std::string::npos);
}

TEST(ElfCore, NoteSegmentsWithoutBytesAreHarmless) {
  const CoreSegment segments[] = {{0x1000, 0, filled(4096, 1), 4096, 1}, {0, 0, {}, 0, 4}, {0x5000, 0, {}, 0, 4}};
  CoreForm form;
  form.notes = Bytes();
  const auto dump = must_open(build_core(segments, form));
  ASSERT_TRUE(dump);
  EXPECT_TRUE(dump->notes().empty());
  EXPECT_EQ(all_remarks(*dump), "");
}

TEST(ElfCore, DamagedHeadersAreRefused) {
  const CoreSegment segments[] = {{0, 0, filled(4096, 1), 4096, 1}};
  Bytes bytes = build_core(segments, {});
  Bytes encoding = bytes;
  encoding[5] = std::byte{9};
  EXPECT_NE(error_of(encoding).find("encoding 9"), std::string::npos);
  Bytes size = bytes;
  store(size.data() + 54, std::uint16_t{8}, ByteOrder::kLittle);
  EXPECT_NE(error_of(size).find("program headers of 8 bytes"), std::string::npos);
  Bytes short_file = bytes;
  short_file.resize(40);
  EXPECT_NE(error_of(short_file).find("needed"), std::string::npos);
  Bytes no_memory = bytes;
  no_memory.resize(64 + 56);
  EXPECT_NE(error_of(no_memory).find("without any memory"), std::string::npos) << error_of(no_memory);
  CoreForm many;
  many.many_headers = true;
  Bytes count = build_core(segments, many);
  store(count.data() + 64 + 2 * 56 + 44, ~std::uint32_t{0}, ByteOrder::kLittle);
  EXPECT_NE(error_of(count).find("4294967295 program headers"), std::string::npos) << error_of(count);
}

}  // namespace
}  // namespace whyhung::dump
