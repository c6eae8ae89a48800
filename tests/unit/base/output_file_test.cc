// SPDX-License-Identifier: GPL-2.0-or-later
// A file is there when it is whole, and otherwise what was there before.
#include "base/output_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <ostream>

namespace whyhung {
namespace {

namespace fs = std::filesystem;

class OutputFileTest : public testing::Test {
 protected:
  OutputFileTest() {
    std::string name = testing::TempDir() + "/output-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~OutputFileTest() override { fs::remove_all(folder_); }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::string text_of(const std::string& name) const {
    std::ifstream file(path(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  Result<void> write(const std::string& name, const std::string& text, Existing existing = Existing::kRefuse,
                     std::vector<std::string> inputs = {}) const {
    return write_text_file(path(name), existing, inputs, [&](std::ostream& out) { out << text; });
  }

  std::string folder_;
};

TEST_F(OutputFileTest, WhatIsWrittenIsThereForItsOwner) {
  const std::string text(1000000, 'x');
  ASSERT_TRUE(write("new", text));
  EXPECT_EQ(text_of("new"), text);
  struct stat status {};
  ASSERT_EQ(::stat(path("new").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
  EXPECT_EQ(files(), 1u);
}

TEST_F(OutputFileTest, AnExistingFileIsKeptUnlessItMayBeReplaced) {
  ASSERT_TRUE(write("file", "old"));
  const auto refused = write("file", "new");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
  EXPECT_NE(refused.error().hint.find("-f"), std::string::npos);
  EXPECT_EQ(text_of("file"), "old");
  ASSERT_TRUE(write("file", "new", Existing::kReplace));
  EXPECT_EQ(text_of("file"), "new");
  EXPECT_EQ(files(), 1u);
}

TEST_F(OutputFileTest, AFileThatIsBeingReadIsNeverReplacedByWhateverNameItIsCalled) {
  ASSERT_TRUE(write("dump", "old"));
  fs::create_hard_link(path("dump"), path("other"));
  for (const char* name : {"dump", "other"}) {
    const auto refused = write(name, "new", Existing::kReplace, {path("nosuch"), path("dump")});
    ASSERT_FALSE(refused) << name;
    EXPECT_NE(refused.error().what.find("is the file that is being read"), std::string::npos) << refused.error().what;
  }
  EXPECT_EQ(text_of("dump"), "old");
}

TEST_F(OutputFileTest, WhatIsNotFinishedLeavesNothingBehind) {
  {
    auto file = OutputFile::create(path("half"), Existing::kRefuse, {});
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->write(0, std::as_bytes(std::span("half", 4))));
  }
  EXPECT_EQ(files(), 0u);
}

TEST_F(OutputFileTest, WhoeverComesFirstKeepsTheName) {
  auto file = OutputFile::create(path("file"), Existing::kRefuse, {});
  ASSERT_TRUE(file);
  ASSERT_TRUE(write("file", "first"));
  EXPECT_FALSE(file->commit());
  EXPECT_EQ(text_of("file"), "first");
}

TEST_F(OutputFileTest, ALinkIsNotFollowed) {
  ASSERT_TRUE(write("file", "old"));
  fs::create_symlink(path("file"), path("link"));
  EXPECT_FALSE(write("link", "new", Existing::kReplace));
  EXPECT_EQ(text_of("file"), "old");
}

}  // namespace
}  // namespace whyhung
