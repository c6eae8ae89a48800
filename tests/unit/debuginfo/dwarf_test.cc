// SPDX-License-Identifier: GPL-2.0-or-later
// DwarfLines over the object file of sample_code.cc, which is relocatable as a module is.
#include "debuginfo/dwarf.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "debuginfo/elf_symbols.h"
#include "support/elf_file_builder.h"

namespace whyhung::debuginfo {
namespace {

constexpr VirtualAddress kText(0xffffffffc0123000);
constexpr VirtualAddress kElsewhere(0xffffffffc0888000);

// Mark to line number.
std::map<std::string, int> marks() {
  std::map<std::string, int> lines;
  std::ifstream source(WHYHUNG_SAMPLE_SOURCE);
  int number = 0;
  for (std::string line; std::getline(source, line);) {
    ++number;
    if (const auto at = line.find("// MARK "); at != std::string::npos) lines[line.substr(at + 8)] = number;
  }
  return lines;
}

class DwarfSample : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto image = ElfImage::open(WHYHUNG_SAMPLE_OBJECT);
    ASSERT_TRUE(image) << image.error().what;
    const ElfPlacement placement{0, {{".text", kText}, {".text.elsewhere", kElsewhere}}};
    const auto lines = DwarfLines::open(**image, placement);
    ASSERT_TRUE(lines) << lines.error().what;
    lines_ = *lines;
    const auto symbols = ElfSymbols::open(*image, placement, "sample");
    ASSERT_TRUE(symbols) << symbols.error().what;
    symbols_ = *symbols;
  }
  // The frames at the first address of the function at which there are so many.
  std::vector<SourceFrame> frames_in(std::string_view function, std::size_t count) {
    const auto symbol = symbols_->find_all(function, 1);
    EXPECT_EQ(symbol.size(), 1u);
    for (std::uint64_t offset = 0; !symbol.empty() && offset < symbol[0].size; ++offset) {
      auto frames = lines_->frames_at(symbol[0].address + offset);
      if (frames.size() == count) return frames;
    }
    return {};
  }
  std::shared_ptr<DwarfLines> lines_;
  std::shared_ptr<ElfSymbols> symbols_;
};

TEST_F(DwarfSample, GivesInlinedFunctionsFromTheInside) {
  const auto line = marks();
  ASSERT_EQ(line.size(), 4u);
  const auto frames = frames_in("sample_outer", 3);
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[0].function, "sample_innermost");
  EXPECT_EQ(frames[0].line, line.at("innermost"));
  EXPECT_EQ(frames[1].function, "sample_middle");
  EXPECT_EQ(frames[1].line, line.at("middle"));
  EXPECT_EQ(frames[2].function, "sample_outer");
  EXPECT_EQ(frames[2].line, line.at("outer"));
  for (const SourceFrame& frame : frames) EXPECT_TRUE(frame.file.ends_with("sample_code.cc")) << frame.file;
}

TEST_F(DwarfSample, KnowsWhereEachSectionWas) {
  const auto frames = frames_in("sample_elsewhere", 1);
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].function, "sample_elsewhere");
  EXPECT_EQ(symbols_->find_all("sample_elsewhere", 1)[0].address, kElsewhere);
}

TEST_F(DwarfSample, KnowsNothingOfOtherAddresses) {
  EXPECT_TRUE(lines_->frames_at(VirtualAddress(0)).empty());
  EXPECT_TRUE(lines_->frames_at(kText + 0x100000).empty());
  EXPECT_TRUE(lines_->frames_at(kText - 1).empty());
}

TEST(Dwarf, AFileWithoutDwarfIsRefusedWithAHint) {
  test::ElfFileBuilder builder;
  builder.add_section(".text", 1, 6, 0x1000, std::vector<std::byte>(16));
  const auto image = ElfImage::open(make_memory_source(builder.build(), "vmlinux"));
  ASSERT_TRUE(image);
  const auto lines = DwarfLines::open(**image, {});
  ASSERT_FALSE(lines);
  EXPECT_EQ(lines.error().kind, ErrorKind::kNotFound);
  EXPECT_FALSE(lines.error().hint.empty());
}

TEST(SourcePath, BeginsAtTheRootOfTheKernelsSources) {
  EXPECT_EQ(source_path("/build/reproducible-path/linux-6.1.176/kernel/sched/core.c"), "kernel/sched/core.c");
  EXPECT_EQ(source_path("/build/linux-6.1/debian/build/build_amd64/../../../mm/slub.c"), "mm/slub.c");
  EXPECT_EQ(source_path("/usr/src/debug/kernel-5.14/linux-5.14.0-503.el9.x86_64/./fs/inode.c"), "fs/inode.c");
  EXPECT_EQ(source_path("./kernel/fork.c"), "kernel/fork.c");
  EXPECT_EQ(source_path("/home/user/module/hang.c"), "/home/user/module/hang.c");
  EXPECT_EQ(source_path("lib/zstd/decompress/../common/bitstream.h"), "lib/zstd/common/bitstream.h");
  EXPECT_EQ(source_path("../../x.c"), "../../x.c");
  EXPECT_EQ(source_path("/home/linux-user/x.c"), "/home/linux-user/x.c");
  EXPECT_EQ(source_path(""), "");
}

}  // namespace
}  // namespace whyhung::debuginfo
