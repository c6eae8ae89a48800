// SPDX-License-Identifier: GPL-2.0-or-later
// Which program long texts are read in, as the user says by variables.
#include "base/pager_program.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace whyhung {
namespace {

class PagerProgram : public testing::Test {
 protected:
  PagerProgram() {
    ::unsetenv("WHYHUNG_PAGER");
    ::unsetenv("PAGER");
  }
};

TEST_F(PagerProgram, OursIsAskedBeforeThatOfAllPrograms) {
  ::setenv("PAGER", "most", 1);
  EXPECT_EQ(pager_program("-FRX"), "most");
  ::setenv("WHYHUNG_PAGER", "view -", 1);
  EXPECT_EQ(pager_program("-FRX"), "view -");
}

TEST_F(PagerProgram, EmptyAndCatMeanNone) {
  ::setenv("PAGER", "most", 1);
  for (const char* none : {"", "cat"}) {
    ::setenv("WHYHUNG_PAGER", none, 1);
    EXPECT_EQ(pager_program("-FRX"), "");
  }
}

TEST_F(PagerProgram, WhereNothingIsSaidItIsLessIfThereIsOne) {
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nonexistent:/nor-this", 1);
  EXPECT_EQ(pager_program("-EX"), "");
  ::setenv("PATH", path.c_str(), 1);
  const std::string found = pager_program("-EX");
  EXPECT_TRUE(found == "less -EX" || found.empty()) << found;
}

}  // namespace
}  // namespace whyhung
