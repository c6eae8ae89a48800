// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/vmcoreinfo.h"

#include <algorithm>
#include <cstring>

#include "dump_test_support.h"
#include "support/elf_core_builder.h"
#include "support/kdump_builder.h"

namespace whyhung::dump {
namespace {

TEST(VmcoreInfo, ValuesAreFoundByTheirKind) {
  const VmcoreInfo info{test::kSampleVmcoreinfo};
  EXPECT_EQ(info.os_release(), "6.1.0-test");
  EXPECT_EQ(info.build_id(), "0123456789abcdef");
  EXPECT_EQ(info.page_size(), 4096u);
  EXPECT_EQ(info.crash_time(), 1700000000u);
  EXPECT_EQ(info.kernel_offset(), 0x1e400000u);
  EXPECT_EQ(info.symbol("_stext"), VirtualAddress(0xffffffff81000000));
  EXPECT_EQ(info.offset("list_head.next"), 0u);
  EXPECT_EQ(info.size("page"), 64u);
  EXPECT_EQ(info.length("free_area.free_list"), 6u);
  EXPECT_EQ(info.number("phys_base"), -155189248);
  EXPECT_EQ(info.number("VA_BITS"), 48);
  EXPECT_EQ(info.number("kimage_voffset"), static_cast<std::int64_t>(0xffffc00008000000));
  EXPECT_EQ(info.get("SYMBOL(_stext)"), "ffffffff81000000");
}

TEST(VmcoreInfo, WhatIsNotThereIsNothing) {
  const VmcoreInfo info{test::kSampleVmcoreinfo};
  EXPECT_EQ(info.symbol("missing"), std::nullopt);
  EXPECT_EQ(info.number("page"), std::nullopt) << "of another kind";
  EXPECT_EQ(info.get("OSRELEAS"), std::nullopt);
  EXPECT_EQ(info.get(""), std::nullopt);
  EXPECT_TRUE(VmcoreInfo().empty());
  EXPECT_EQ(VmcoreInfo().get("OSRELEASE"), std::nullopt);
}

TEST(VmcoreInfo, OddLinesAreTolerated) {
  const VmcoreInfo info{"garbage\n=nothing\nA=1\n\nA=2\nB=x=y\nEMPTY=\nLAST=end"};
  EXPECT_EQ(info.get("A"), "1") << "the first of two counts";
  EXPECT_EQ(info.get("B"), "x=y");
  EXPECT_EQ(info.get("EMPTY"), "");
  EXPECT_EQ(info.get("LAST"), "end");
  EXPECT_EQ(info.get("garbage"), std::nullopt);
  EXPECT_EQ(VmcoreInfo(std::string_view("A=1\0B=2\n", 8)).get("A"), "1");
}

TEST(VmcoreInfo, OfAKeyThatComesOftenTheFirstCounts) {
  std::string text;
  for (int i = 0; i < 400; ++i) text += fmt::format("K{}={}\n", i % 7, i);
  const VmcoreInfo info(text);
  for (int i = 0; i < 7; ++i) EXPECT_EQ(info.get(fmt::format("K{}", i)), fmt::format("{}", i));
}

TEST(VmcoreInfo, NumbersThatAreNoneAreNothing) {
  const VmcoreInfo info{"NUMBER(a)=12x\nNUMBER(b)=\nNUMBER(c)=0xffffffffffffffffff\nSYMBOL(d)=xyz\nSYMBOL(e)=0x10\n"};
  EXPECT_EQ(info.number("a"), std::nullopt);
  EXPECT_EQ(info.number("b"), std::nullopt);
  EXPECT_EQ(info.number("c"), std::nullopt);
  EXPECT_EQ(info.symbol("d"), std::nullopt);
  EXPECT_EQ(info.symbol("e"), VirtualAddress(0x10));
}

TEST(VmcoreInfo, CopiesAndMovesStandOnTheirOwn) {
  auto original = std::make_unique<VmcoreInfo>("A=1\n");
  VmcoreInfo copy = *original;
  const VmcoreInfo moved = std::move(*original);
  original.reset();
  EXPECT_EQ(copy.get("A"), "1");
  EXPECT_EQ(moved.get("A"), "1");
  copy = moved;
  EXPECT_EQ(copy.text(), "A=1\n");
}

TEST(VmcoreInfo, MoreTextThanAKernelWritesIsIgnored) {
  std::string text = "A=1\n";
  text.append(kMostVmcoreinfoBytes, '#');
  text += "\nB=2\n";
  const VmcoreInfo info(text);
  EXPECT_EQ(info.get("A"), "1");
  EXPECT_EQ(info.get("B"), std::nullopt);
}

void put_text(test::MemoryImage& image, std::uint64_t address, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i, ++address) {
    const std::uint64_t frame = address / image.page_size;
    image.left_out.erase(frame);
    image.pages.try_emplace(frame, test::Bytes(image.page_size));
    image.pages[frame][address % image.page_size] = static_cast<std::byte>(text[i]);
  }
}

// An image with VMCOREINFO's text at an offset from one of its pages, and a decoy before it.
test::MemoryImage image_with_text(std::size_t offset) {
  auto image = test::sample_image(51);
  image.pages[123] = image.pages[124] = test::Bytes(4096);
  image.left_out.erase(123);
  image.left_out.erase(124);
  put_text(image, 7 * 4096, "OSRELEASE=a string in the kernel's image, not the real thing\n");
  put_text(image, 123 * 4096 + offset, test::kSampleVmcoreinfo);
  return image;
}

TEST(FindVmcoreInfo, TheTextIsFoundInMemoryWhenNoNoteHasIt) {
  for (const std::size_t offset : {0U, 24U, 1056U, 4000U}) {
    test::KdumpForm form;
    form.notes = test::Bytes();
    const auto dump = must_open(build_kdump(image_with_text(offset), form).bytes);
    ASSERT_TRUE(dump);
    EXPECT_EQ(dump->vmcoreinfo(), "");
    const auto found = find_vmcoreinfo_text(*dump, nullptr);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->text, test::kSampleVmcoreinfo);
    EXPECT_EQ(found->address, PhysicalAddress(123 * 4096 + offset));
    ASSERT_EQ(dump->touched_pages().size(), offset == 4000 ? 2u : 1u) << "the search itself leaves no trace";
    EXPECT_EQ(dump->touched_pages()[0].frame, 123u);
  }
}

TEST(FindVmcoreInfo, ThePageOfItsOwnIsPreferredToACopy) {
  auto image = image_with_text(0);
  std::string copy(test::kSampleVmcoreinfo);
  copy.replace(copy.find("6.1.0"), 5, "5.4.9");
  image.pages[12] = test::Bytes(4096);
  put_text(image, 12 * 4096 + 304, copy);
  const auto dump = must_open(build_kdump(image, {}).bytes);
  const auto found = find_vmcoreinfo_text(*dump, nullptr);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->address, PhysicalAddress(123 * 4096));
}

TEST(FindVmcoreInfo, FramesLargerThanTheKernelsPagesAreSearchedInside) {
  auto image = test::sample_image(52, 65536, 40);
  test::Bytes page(65536);
  std::memcpy(page.data() + 5 * 4096, test::kSampleVmcoreinfo.data(), test::kSampleVmcoreinfo.size());
  image.pages[20] = page;
  const auto dump = must_open(build_kdump(image, {}).bytes);
  const auto found = find_vmcoreinfo_text(*dump, nullptr);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->address, PhysicalAddress(20 * 65536 + 5 * 4096));
}

TEST(FindVmcoreInfo, TheSearchEndsWhenItsCallerSaysSo) {
  const auto dump = must_open(build_kdump(image_with_text(0), {}).bytes);
  unsigned calls = 0;
  EXPECT_EQ(find_vmcoreinfo_text(*dump, [&](PhysicalAddress) { return ++calls == 0; }), std::nullopt);
  EXPECT_EQ(calls, 1u);
}

TEST(FindVmcoreInfo, NothingIsFoundWhereNothingIs) {
  const auto dump = must_open(build_core(segments_of(test::sample_image(53)), {}));
  EXPECT_EQ(find_vmcoreinfo_text(*dump, nullptr), std::nullopt);
}

}  // namespace
}  // namespace whyhung::dump
