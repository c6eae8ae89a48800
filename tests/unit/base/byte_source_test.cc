// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/byte_source.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

namespace whyhung {
namespace {

class FileSourceTest : public testing::Test {
 protected:
  FileSourceTest() {
    std::string name = testing::TempDir() + "whyhung-source-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~FileSourceTest() override { std::filesystem::remove_all(folder_); }
  std::string write(std::string_view text) const {
    const std::string path = folder_ + "/file";
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  std::string folder_;
};

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST_F(FileSourceTest, ReadsAtOffsetsAndStopsAtTheEnd) {
  const auto source = open_file_source(write("0123456789"));
  ASSERT_TRUE(source);
  EXPECT_EQ((*source)->size(), 10u);
  std::vector<std::byte> out(4);
  EXPECT_EQ((*source)->read_some(3, out), 4u);
  EXPECT_EQ(text_of(out), "3456");
  EXPECT_EQ((*source)->read_some(8, out), 2u);
  EXPECT_EQ((*source)->read_some(10, out), 0u);
  EXPECT_EQ((*source)->read_some(~std::uint64_t{0}, out), 0u);
  EXPECT_EQ((*source)->bytes_read(), 6u);
}

TEST_F(FileSourceTest, ReadingExactlyNamesFileOffsetAndEndWhenBytesLack) {
  const std::string path = write("0123456789");
  const auto source = open_file_source(path);
  ASSERT_TRUE(source);
  std::vector<std::byte> out(4);
  EXPECT_TRUE((*source)->read_exactly(6, out));
  const auto failed = (*source)->read_exactly(8, out);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::kTruncated);
  EXPECT_EQ(failed.error().what, path + ": is cut off: it has 10 bytes, and 4 are needed at offset 0x8");
}

TEST_F(FileSourceTest, AFileThatShrankWhileItWasReadGivesWhatIsThere) {
  const std::string path = write("0123456789");
  const auto source = open_file_source(path);
  ASSERT_TRUE(source);
  std::filesystem::resize_file(path, 5);
  std::vector<std::byte> out(8);
  EXPECT_EQ((*source)->read_some(0, out), 5u);
  EXPECT_FALSE((*source)->read_exactly(0, out));
}

TEST_F(FileSourceTest, AMissingFileIsNamedWithAHint) {
  const auto source = open_file_source(folder_ + "/none");
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().kind, ErrorKind::kIo);
  EXPECT_EQ(source.error().what, folder_ + "/none: cannot be opened: No such file or directory");
  EXPECT_EQ(source.error().hint, "check the path; dumps often lie under /var/crash");
}

TEST_F(FileSourceTest, AFolderIsNoDump) {
  const auto source = open_file_source(folder_);
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().what, folder_ + ": is a directory, not a dump");
  EXPECT_EQ(source.error().hint, "name the vmcore file inside of it");
}

TEST_F(FileSourceTest, AFifoIsRefusedWithoutWaitingForAWriter) {
  const std::string path = folder_ + "/pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const auto source = open_file_source(path);
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().what, path + ": is not a regular file, so it cannot be read at offsets");
  EXPECT_EQ(source.error().hint, "copy it into a file first");
}

TEST_F(FileSourceTest, PrefetchingAnythingIsHarmless) {
  const auto source = open_file_source(write("0123456789"));
  ASSERT_TRUE(source);
  const SourceRange ranges[] = {{0, 4}, {100, 4}, {~std::uint64_t{0}, ~std::uint64_t{0}}};
  (*source)->prefetch(ranges);
  std::vector<std::byte> out(10);
  EXPECT_TRUE((*source)->read_exactly(0, out));
}

TEST(MemorySource, BehavesLikeAFile) {
  const auto source = make_memory_source(std::vector<std::byte>(10, std::byte{7}), "made up");
  EXPECT_EQ(source->name(), "made up");
  std::vector<std::byte> out(4);
  EXPECT_EQ(source->read_some(8, out), 2u);
  EXPECT_EQ(source->read_some(10, out), 0u);
  EXPECT_EQ(source->read_some(~std::uint64_t{0} - 1, out), 0u);
  const auto failed = source->read_exactly(~std::uint64_t{0} - 1, out);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().what, "made up: is cut off: it has 10 bytes, and 4 are needed at offset 0xfffffffffffffffe");
}

}  // namespace
}  // namespace whyhung
