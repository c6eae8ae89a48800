// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/columns.h"

#include <gtest/gtest.h>

namespace whyhung {
namespace {

TEST(Columns, AreThoseOfATerminal) {
  EXPECT_EQ(columns_of("abc"), 3u);
  EXPECT_EQ(columns_of("größe"), 5u);
  EXPECT_EQ(columns_of("\xe6\xbc\xa2\xe5\xad\x97"), 4u) << "two wide characters";
  EXPECT_EQ(columns_of("\xf0\x9f\x90\xa7"), 2u) << "a picture";
  EXPECT_EQ(columns_of("e\xcc\x81"), 1u) << "a mark that combines";
  EXPECT_EQ(columns_of("\xff"), 1u) << "what is not UTF-8 is counted by the byte";
}

TEST(Columns, WhatIsCutSaysSoAndFits) {
  EXPECT_EQ(cut_to("abcdef", 6), "abcdef");
  EXPECT_EQ(cut_to("abcdefg", 6), "abcd..");
  EXPECT_EQ(cut_to("abc defg", 6), "abc..") << "no blank before the mark";
  EXPECT_EQ(cut_to("\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2", 5), "\xe6\xbc\xa2..") << "no half of a wide character";
  EXPECT_EQ(cut_to("abc", 1), ".");
  EXPECT_EQ(cut_to("abc", 0), "");
}

TEST(Columns, ALineIsBrokenAtBlanks) {
  EXPECT_EQ(wrapped("one two three", 7, LongWords::kKeep), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(wrapped("", 7, LongWords::kKeep), (std::vector<std::string>{""}));
  EXPECT_EQ(wrapped("a b", 1, LongWords::kKeep), (std::vector<std::string>{"a", "b"}));
}

TEST(Columns, ALongWordIsKeptOrBroken) {
  EXPECT_EQ(wrapped("a abcdefghij b", 4, LongWords::kKeep), (std::vector<std::string>{"a", "abcdefghij", "b"}));
  EXPECT_EQ(wrapped("a abcdefghij b", 4, LongWords::kBreak), (std::vector<std::string>{"a", "abcd", "efgh", "ij b"}));
  EXPECT_EQ(wrapped("\xe6\xbc\xa2\xe5\xad\x97", 3, LongWords::kBreak),
            (std::vector<std::string>{"\xe6\xbc\xa2", "\xe5\xad\x97"}));
}

TEST(Columns, NoWidthIsTooSmallToEnd) {
  for (std::size_t width = 0; width < 4; ++width) {
    EXPECT_FALSE(wrapped("\xe6\xbc\xa2 abc \xe5\xad\x97", width, LongWords::kBreak).empty());
  }
}

TEST(Columns, AParagraphHasItsIndent) {
  EXPECT_EQ(paragraph("one two three", 11, " 1. ", "    "), " 1. one two\n    three\n");
}

TEST(Columns, AsciiKeepsTheWidth) {
  EXPECT_EQ(ascii_of("gr\xc3\xb6\xc3\x9f"
                     "e"),
            "gr??e");
  EXPECT_EQ(ascii_of("\xe6\xbc\xa2|"), "??|");
  EXPECT_EQ(ascii_of("\xff|\n"), "?|\n");
}

}  // namespace
}  // namespace whyhung
