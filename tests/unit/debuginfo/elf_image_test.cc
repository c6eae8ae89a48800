// SPDX-License-Identifier: GPL-2.0-or-later
// ElfImage and ElfSymbols over files made for the purpose, in both byte orders.
#include "debuginfo/elf_image.h"

#include <gtest/gtest.h>

#include "debuginfo/btf.h"
#include "debuginfo/elf_symbols.h"
#include "support/btf_builder.h"
#include "support/elf_file_builder.h"

namespace whyhung::debuginfo {
namespace {

using test::ElfFileBuilder;

constexpr std::uint64_t kText = 0xffffffff81000000;
constexpr std::uint64_t kData = 0xffffffff82000000;
constexpr std::uint8_t kGlobalFunction = 0x12, kLocalFunction = 0x02, kLocalObject = 0x01, kWeakFunction = 0x22;

ElfFileBuilder vmlinux(ByteOrder order) {
  ElfFileBuilder builder(ElfFileBuilder::kExecutable, order);
  const auto text = builder.add_section(".text", 1, 6, kText, std::vector<std::byte>(0x1000));
  const auto data = builder.add_section(".data", 1, 3, kData, std::vector<std::byte>(0x100));
  const auto bss = builder.add_section(".bss", 8, 3, kData + 0x1000, {}, 0x100000);
  const auto per_cpu = builder.add_section(".data..percpu", 1, 3, 0, std::vector<std::byte>(0x100));
  const auto comment = builder.add_section(".comment", 1, 0, 0, std::vector<std::byte>(8));
  builder.add_build_id("06f8bde30046985060c60820f7a11515a33afb06");
  builder.add_symbol("sched.c", 0, 0, 4, 0xfff1);
  builder.add_symbol("", kText, 0, 3, text);
  builder.add_symbol("schedule", kText + 0x100, 0x80, kGlobalFunction, text);
  builder.add_symbol("__schedule_alias", kText + 0x100, 0x80, kWeakFunction, text);
  builder.add_symbol("helper", kText + 0x200, 0, kLocalFunction, text);
  builder.add_symbol("helper", kText + 0x300, 0x10, kLocalFunction, text);
  builder.add_symbol("init_task", kData + 0x40, 0x20, kLocalObject, data);
  builder.add_symbol("log_buf", kData + 0x1100, 0x1000, kLocalObject, bss);
  builder.add_symbol("runqueues", 0x40, 0x20, kLocalObject, per_cpu);
  builder.add_symbol("no_part_of_the_image", 4, 1, kLocalObject, comment);
  builder.add_symbol("printk", 0, 0, 0x10, 0);
  return builder;
}

class ElfFile : public ::testing::TestWithParam<ByteOrder> {};
INSTANTIATE_TEST_SUITE_P(ByteOrders, ElfFile, ::testing::Values(ByteOrder::kLittle, ByteOrder::kBig));

TEST_P(ElfFile, TellsWhatItIs) {
  const auto opened = ElfImage::open(make_memory_source(vmlinux(GetParam()).build(), "vmlinux"));
  ASSERT_TRUE(opened) << opened.error().what;
  const ElfImage& image = **opened;
  EXPECT_EQ(image.build_id(), "06f8bde30046985060c60820f7a11515a33afb06");
  EXPECT_EQ(image.machine(), 62);
  EXPECT_EQ(image.byte_order(), GetParam());
  EXPECT_FALSE(image.is_relocatable());
  EXPECT_FALSE(image.has_dwarf());
  EXPECT_EQ(image.path(), "vmlinux");
  ASSERT_NE(image.section(".bss"), nullptr);
  EXPECT_FALSE(image.section(".bss")->has_bytes);
  EXPECT_EQ(image.section(".nowhere"), nullptr);
  EXPECT_EQ(image.read(*image.section(".data"), 0x100)->size(), 0x100u);
  EXPECT_EQ(image.read(*image.section(".data"), 0xff).error().kind, ErrorKind::kLimit);
}

TEST_P(ElfFile, MovesItsSymbolsToWhereTheKernelRan) {
  constexpr std::uint64_t kSlide = 0x1f000000;
  const auto image = *ElfImage::open(make_memory_source(vmlinux(GetParam()).build()));
  const auto opened = ElfSymbols::open(image, {kSlide, {}}, "");
  ASSERT_TRUE(opened) << opened.error().what;
  ElfSymbols& symbols = **opened;
  EXPECT_EQ(symbols.address_of("schedule")->value, kText + kSlide + 0x100);
  EXPECT_EQ(symbols.address_of("runqueues")->value, 0x40u) << "an offset in the per-CPU section does not slide";
  EXPECT_EQ(symbols.find_all("helper", 10).size(), 2u);
  EXPECT_EQ(symbols.find_all("helper", 10)[1].address.value, kText + kSlide + 0x300);
  EXPECT_EQ(symbols.find_all("helper", 10)[0].size, 0x100u) << "up to the next where the table does not say";
  for (const char* absent : {"sched.c", "printk", "no_part_of_the_image", "", "helpe"}) {
    EXPECT_TRUE(symbols.find_all(absent, 1).empty()) << absent;
  }
  EXPECT_EQ(symbols.find_all("schedule", 1)[0].type, 'T');
  EXPECT_EQ(symbols.find_all("helper", 1)[0].type, 't');
  EXPECT_EQ(symbols.find_all("__schedule_alias", 1)[0].type, 'W');
  EXPECT_EQ(symbols.find_all("init_task", 1)[0].type, 'd');
  EXPECT_EQ(symbols.find_all("log_buf", 1)[0].type, 'b');
}

TEST_P(ElfFile, ExplainsAddressesWithinItsSections) {
  const auto image = *ElfImage::open(make_memory_source(vmlinux(GetParam()).build()));
  const auto opened = *ElfSymbols::open(image, {}, "");
  ElfSymbols& symbols = *opened;
  const auto at = symbols.find_covering(VirtualAddress(kText + 0x110));
  ASSERT_TRUE(at);
  EXPECT_EQ(at->symbol.name, "schedule");
  EXPECT_EQ(at->offset, 0x10u);
  EXPECT_EQ(symbols.find_covering(VirtualAddress(kData + 0x1180))->symbol.name, "log_buf");
  EXPECT_FALSE(symbols.find_covering(VirtualAddress(kText + 0x1000))) << "behind .text";
  EXPECT_FALSE(symbols.find_covering(VirtualAddress(kText)));
  EXPECT_FALSE(symbols.find_covering(VirtualAddress(0x48)));
  EXPECT_FALSE(symbols.find_covering(VirtualAddress(~std::uint64_t{0})));
}

TEST_P(ElfFile, OfAModuleHasTheAddressesOfItsSections) {
  ElfFileBuilder builder(ElfFileBuilder::kRelocatable, GetParam());
  const auto text = builder.add_section(".text", 1, 6, 0, std::vector<std::byte>(0x100));
  const auto init = builder.add_section(".init.text", 1, 6, 0, std::vector<std::byte>(0x100));
  builder.add_symbol("spin", 0x20, 8, kLocalFunction, text);
  builder.add_symbol("gone", 0x20, 8, kLocalFunction, init);
  const auto image = *ElfImage::open(make_memory_source(builder.build()));
  EXPECT_TRUE(image->is_relocatable());
  const ElfPlacement placement{0, {{".text", VirtualAddress(0xffffffffc0001000)}}};
  const auto opened = *ElfSymbols::open(image, placement, "hanglab");
  ElfSymbols& symbols = *opened;
  EXPECT_EQ(symbols.address_of("spin")->value, 0xffffffffc0001020);
  EXPECT_EQ(symbols.find_covering(VirtualAddress(0xffffffffc0001024))->symbol.module, "hanglab");
  EXPECT_FALSE(symbols.address_of("gone")) << "its section is nowhere any more";
}

TEST_P(ElfFile, HoldsBtfThatIsReadFromTheFile) {
  test::BtfBuilder btf(GetParam());
  btf.structure("task_struct", 64, {{"flags", btf.integer("int", 4), 32}});
  ElfFileBuilder builder(ElfFileBuilder::kExecutable, GetParam());
  builder.add_section(".BTF", 1, 2, 0x1000, btf.build());
  const auto image = *ElfImage::open(make_memory_source(builder.build(), "vmlinux"));
  const ElfSection* section = image->section(".BTF");
  ASSERT_NE(section, nullptr);
  const auto types = BtfTypes::open(image->source(), {section->offset, section->size}, "BTF of vmlinux");
  ASSERT_TRUE(types) << types.error().what;
  EXPECT_EQ((*types)->member("task_struct", "flags")->offset, 4u);
  EXPECT_EQ(BtfTypes::open(image->source(), {section->offset, 1u << 20}, "BTF").error().kind, ErrorKind::kTruncated);
}

TEST(ElfHostile, RefusesWhatIsNoElfFile) {
  for (const std::string_view text : {"", "\x7f",
                                      "\x7f"
                                      "EL",
                                      "makedumpfile", "\x1f\x8b\x08 a compressed vmlinux"}) {
    const auto* begin = reinterpret_cast<const std::byte*>(text.data());
    const auto opened = ElfImage::open(make_memory_source({begin, begin + text.size()}, "x"));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, ErrorKind::kNotFound);
  }
  auto bytes = vmlinux(ByteOrder::kLittle).build();
  bytes[4] = std::byte{1};  // 32 bits
  EXPECT_EQ(ElfImage::open(make_memory_source(bytes)).error().kind, ErrorKind::kUnsupported);
  bytes = vmlinux(ByteOrder::kLittle).build();
  bytes[16] = std::byte{4};  // a core file
  EXPECT_EQ(ElfImage::open(make_memory_source(bytes)).error().kind, ErrorKind::kUnsupported);
}

TEST(ElfHostile, EveryTruncationIsAnErrorWithoutACrash) {
  const auto whole = vmlinux(ByteOrder::kBig).build();
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    const auto opened =
        ElfImage::open(make_memory_source({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}));
    EXPECT_FALSE(opened) << size;
  }
}

TEST(ElfHostile, FlippedBytesAreSurvived) {
  const auto whole = vmlinux(ByteOrder::kLittle).build();
  std::uint32_t random = 99;
  for (int round = 0; round < 3000; ++round) {
    auto damaged = whole;
    for (int flip = 0; flip < 4; ++flip) {
      random = random * 1664525 + 1013904223;
      // The tables are what matters; they are at both ends.
      const std::size_t at = round % 2 == 0 ? random % 64 : whole.size() - 1 - random % 2000;
      damaged[at] = static_cast<std::byte>(random >> 24);
    }
    const auto opened = ElfImage::open(make_memory_source(damaged));
    if (!opened) continue;
    const auto symbols = ElfSymbols::open(*opened, {}, "");
    if (!symbols) continue;
    (*symbols)->find_all("schedule", 4);
    (*symbols)->find_covering(VirtualAddress(kText + 0x110));
  }
}

TEST(ElfHostile, EmptySectionsAreRead) {
  auto builder = vmlinux(ByteOrder::kLittle);
  builder.add_section(".notes", 7, 2, 0, {});
  builder.add_section(".empty", 1, 2, 0, {});
  const auto image = ElfImage::open(make_memory_source(builder.build()));
  ASSERT_TRUE(image) << image.error().what;
  EXPECT_TRUE((*image)->read(*(*image)->section(".empty"), 0)->empty());
}

TEST(ElfHostile, AStrippedFileHasNoSymbols) {
  ElfFileBuilder builder;
  builder.add_section(".text", 1, 6, kText, std::vector<std::byte>(16));
  const auto image = *ElfImage::open(make_memory_source(builder.build(), "vmlinux"));
  EXPECT_TRUE(image->build_id().empty());
  const auto symbols = ElfSymbols::open(image, {}, "");
  ASSERT_FALSE(symbols);
  EXPECT_EQ(symbols.error().kind, ErrorKind::kNotFound);
}

}  // namespace
}  // namespace whyhung::debuginfo
