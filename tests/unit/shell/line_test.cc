// SPDX-License-Identifier: GPL-2.0-or-later
// Lines typed at the prompt: what is a command, and where its output goes.
#include "shell/line.h"

#include <gtest/gtest.h>

namespace whyhung::shell {
namespace {

Line parsed(std::string_view text) {
  auto line = parse_line(text);
  EXPECT_TRUE(line) << text << ": " << line.error().what;
  return line ? *line : Line{};
}

TEST(LineTest, OutputGoesIntoProgramsAndFiles) {
  EXPECT_EQ(parsed("log").sink, Line::Sink::kScreen);
  EXPECT_EQ(parsed("log | grep -i bug").text, "log");
  EXPECT_EQ(parsed("log | grep -i bug").target, "grep -i bug");
  EXPECT_EQ(parsed("log | grep a | wc -l").target, "grep a | wc -l") << "the rest is the program's own";
  EXPECT_EQ(parsed("ps -m > /tmp/x").sink, Line::Sink::kFile);
  EXPECT_EQ(parsed("ps -m >>/tmp/x").sink, Line::Sink::kAppend);
  EXPECT_EQ(parsed("ps -m >>/tmp/x").target, "/tmp/x");
}

TEST(LineTest, WhatBelongsToAnExpressionSendsNothingAway) {
  for (const char* text :
       {"p jiffies->x", "p (1 | 2)", "p (a >> 3)", "p a >= 3", "foreach 'a|b' ps", "p a || b", "whatis \"x > y\""}) {
    EXPECT_EQ(parsed(text).sink, Line::Sink::kScreen) << text;
    EXPECT_EQ(parsed(text).text, text);
  }
}

TEST(LineTest, KnowsTheOtherKindsOfLines) {
  EXPECT_EQ(parsed("  ").kind, Line::Kind::kNothing);
  EXPECT_EQ(parsed("# a remark").kind, Line::Kind::kNothing);
  EXPECT_EQ(parsed("!ls -l").kind, Line::Kind::kEscape);
  EXPECT_EQ(parsed("!ls -l").text, "ls -l");
  EXPECT_EQ(parsed("!!").kind, Line::Kind::kRepeatLast);
  EXPECT_EQ(parsed("!12").kind, Line::Kind::kRecall);
  EXPECT_EQ(parsed("< commands.txt").text, "commands.txt");
}

TEST(LineTest, NothingBehindAMarkIsAMistake) {
  for (const char* text : {"log |", "log >", "| grep x", "<"}) {
    const auto line = parse_line(text);
    ASSERT_FALSE(line) << text;
    EXPECT_EQ(line.error().kind, ErrorKind::kUsage);
  }
}

}  // namespace
}  // namespace whyhung::shell
