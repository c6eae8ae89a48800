// SPDX-License-Identifier: GPL-2.0-or-later
// A vmlinux is believed only when its build id is the dump's.
#include "target/source_lines.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/elf_file_builder.h"
#include "support/paged_memory.h"

namespace whyhung::target {
namespace {

class SourceLinesTest : public testing::Test {
 protected:
  SourceLinesTest() {
    std::string name = testing::TempDir() + "whyhung-lines-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    path_ = folder_ + "/vmlinux";
  }
  ~SourceLinesTest() override { std::filesystem::remove_all(folder_); }
  void write_vmlinux(std::string_view build_id) {
    test::ElfFileBuilder builder;
    if (!build_id.empty()) builder.add_build_id(build_id);
    const auto bytes = builder.build();
    std::ofstream(path_, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  SourceLines open(std::string_view vmcoreinfo) { return {path_, dump::VmcoreInfo(vmcoreinfo), memory_, gaps_}; }
  std::string why() const { return gaps_.empty() ? "" : gaps_.front().why; }

  std::string folder_, path_;
  test::PagedMemory memory_;
  std::vector<Gap> gaps_;
};

TEST_F(SourceLinesTest, AFileOfTheSameBuildIsUsed) {
  write_vmlinux("0123456789abcdef");
  SourceLines lines = open("BUILD-ID=0123456789abcdef\nKERNELOFFSET=1e400000\n");
  EXPECT_TRUE(lines.available());
  EXPECT_EQ(lines.placement().slide, 0x1e400000u);
  EXPECT_EQ(lines.proof(), "same build id");
  EXPECT_TRUE(gaps_.empty());
  EXPECT_TRUE(lines.at(VirtualAddress(0xffffffff81000000)).empty()) << "it has no debug information";
}

TEST_F(SourceLinesTest, AFileOfAnotherBuildIsRefusedAndBothIdsAreTold) {
  write_vmlinux("ffff456789abcdef");
  EXPECT_FALSE(open("BUILD-ID=0123456789abcdef\n").available());
  EXPECT_EQ(why(), path_ +
                       " does not belong to this dump and is not used: its build id is ffff456789abcdef, the kernel's "
                       "0123456789abcdef");
}

TEST_F(SourceLinesTest, AFileWithoutABuildIdIsRefused) {
  write_vmlinux("");
  EXPECT_FALSE(open("BUILD-ID=0123456789abcdef\n").available());
  EXPECT_NE(why().find("its build id is missing"), std::string::npos);
}

TEST_F(SourceLinesTest, AFileThatNothingProvesToFitIsRefused) {
  write_vmlinux("0123456789abcdef");
  EXPECT_FALSE(open("OSRELEASE=4.18.0\n").available());
  EXPECT_EQ(why(), path_ +
                       " does not belong to this dump and is not used: the dump names no build id, and neither "
                       "banner nor symbols prove that the file fits");
}

TEST_F(SourceLinesTest, AFileThatIsNoElfIsAGapAndNotAnEnd) {
  std::ofstream(path_) << "this is no ELF file";
  EXPECT_FALSE(open("BUILD-ID=0123456789abcdef\n").available());
  EXPECT_FALSE(why().empty());
  EXPECT_EQ(gaps_.front().what, "vmlinux");
}

TEST_F(SourceLinesTest, AFileThatDoesNotExistIsAGap) {
  EXPECT_FALSE(open("BUILD-ID=0123456789abcdef\n").available());
  EXPECT_NE(why().find("No such file"), std::string::npos);
}

TEST_F(SourceLinesTest, ABuildIdOfADumpIsPutIntoNoPathWhenItIsNoPlainName) {
  path_.clear();
  EXPECT_FALSE(open("BUILD-ID=../../../../etc\nOSRELEASE=../../root\n").available());
  EXPECT_FALSE(open("BUILD-ID=a\nOSRELEASE=\n").available());
  EXPECT_TRUE(gaps_.empty()) << "nothing was asked for, so nothing is missed";
}

}  // namespace
}  // namespace whyhung::target
