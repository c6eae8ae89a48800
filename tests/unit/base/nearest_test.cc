// SPDX-License-Identifier: GPL-2.0-or-later
// Misspelt words, and words that are no misspelling of anything.
#include "base/nearest.h"

#include <gtest/gtest.h>

#include <vector>

namespace whyhung {
namespace {

const std::vector<std::string> kCommands = {"sys", "ps", "bt", "foreach", "log", "dis", "mod", "struct", "list"};

TEST(Nearest, ASlipOfTheHandIsForgiven) {
  EXPECT_EQ(nearest("dsi", kCommands), "dis");
  EXPECT_EQ(nearest("btt", kCommands), "bt");
  EXPECT_EQ(nearest("foreahc", kCommands), "foreach");
  EXPECT_EQ(nearest("stuct", kCommands), "struct");
  EXPECT_EQ(nearest("sttruct", kCommands), "struct");
  EXPECT_EQ(nearest("stract", kCommands), "struct");
}

TEST(Nearest, ABeginningIsEnough) {
  EXPECT_EQ(nearest("str", kCommands), "struct");
  EXPECT_EQ(nearest("forea", kCommands), "foreach");
}

TEST(Nearest, AnotherWordIsNoMisspelling) {
  for (const char* word : {"", "x", "kmem", "runq", "vmcore", "zzzzzzzz", "foobar"}) {
    EXPECT_EQ(nearest(word, kCommands), "") << word;
  }
  EXPECT_EQ(nearest(std::string(100000, 'a'), kCommands), "") << "the work grows with the square of a word's length";
}

TEST(Nearest, TheNearerOfTwoIsTaken) {
  const std::vector<std::string> options = {"--stats", "--status"};
  EXPECT_EQ(nearest("--stat", options), "--stats");
  EXPECT_EQ(nearest("--statuz", options), "--status");
}

}  // namespace
}  // namespace whyhung
