// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/text.h"

#include <gtest/gtest.h>

#include <random>

namespace whyhung {
namespace {

TEST(Printable, LeavesOrdinaryTextAndUtf8Alone) {
  EXPECT_EQ(printable("migration/0 [while1] – größer 日本 🙂"),
            "migration/0 [while1] – größer 日本 🙂");
  EXPECT_EQ(printable("a\\x1b"), "a\\x1b") << "a backslash of the text itself stays";
  EXPECT_EQ(printable(""), "");
}

TEST(Printable, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(printable("\x1b[31mred\x1b[0m"), "\\x1b[31mred\\x1b[0m");
  EXPECT_EQ(printable("a\nb\tc\rd\be"), "a\\x0ab\\x09c\\x0dd\\x08e");
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(printable("\x7f"), "\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b") << "CSI as one C1 control";
}

TEST(Printable, EscapesWhatChangesTheOrderOfText) {
  for (const std::string_view mark :
       {"\u202a", "\u202e", "\u2066", "\u2069", "\u200e", "\u200f", "\u061c", "\u2028", "\u2029", "\ufeff"}) {
    const std::string text = printable(mark);
    EXPECT_TRUE(text.starts_with("\\x")) << text;
    EXPECT_EQ(text.size(), 4 * mark.size());
  }
}

TEST(Printable, EscapesBytesThatAreNotUtf8) {
  EXPECT_EQ(printable("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(printable("\xc3"), "\\xc3") << "cut short";
  EXPECT_EQ(printable("\xc3(\xa4"), "\\xc3(\\xa4");
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf") << "overlong slash";
  EXPECT_EQ(printable("\xe0\x80\xaf"), "\\xe0\\x80\\xaf") << "overlong in three bytes";
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "behind the last code point";
  EXPECT_EQ(printable("\xf5\x80\x80\x80"), "\\xf5\\x80\\x80\\x80");
  EXPECT_EQ(printable("\xf0\x80\x80\xaf"), "\\xf0\\x80\\x80\\xaf") << "overlong in four bytes";
}

TEST(PrintableLines, KeepsNewlinesAndTabsOnly) {
  EXPECT_EQ(printable_lines("a\n\tb\x1b"), "a\n\tb\\x1b");
}

TEST(ValidUtf8, KeepsControlCharactersForTheJsonWriter) {
  EXPECT_EQ(valid_utf8("\x1b\n\xff"), "\x1b\n\\xff");
}

TEST(Printable, AnyBytesGiveTextWithoutControlCharacters) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string raw(random() % 40, '\0');
    for (char& c : raw) c = static_cast<char>(random());
    const std::string text = printable(raw);
    for (const char c : text) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    EXPECT_EQ(printable(text), text) << "what is printable stays as it is";
    EXPECT_EQ(valid_utf8(text), text);
  }
}

TEST(MatchesPattern, AStarStandsForAnyEnding) {
  EXPECT_TRUE(matches_pattern("down", "down"));
  EXPECT_FALSE(matches_pattern("down", "down_read"));
  EXPECT_TRUE(matches_pattern("down*", "down"));
  EXPECT_TRUE(matches_pattern("down*", "down_read"));
  EXPECT_FALSE(matches_pattern("down*", "__down"));
  EXPECT_FALSE(matches_pattern("down", ""));
}

TEST(ParseUnsigned, TakesTheWholeTextOrNothing) {
  EXPECT_EQ(parse_unsigned("42", 10), 42u);
  EXPECT_EQ(parse_unsigned("ffffffff81000000", 16), 0xffffffff81000000u);
  EXPECT_EQ(parse_unsigned("18446744073709551615", 10), ~std::uint64_t{0});
  for (const std::string_view bad : {"", " 1", "1 ", "+1", "-1", "0x1", "1g", "18446744073709551616"}) {
    EXPECT_EQ(parse_unsigned(bad, 10), std::nullopt) << bad;
  }
}

TEST(ParseSigned, KnowsItsLimits) {
  EXPECT_EQ(parse_signed("-9223372036854775808", 10), INT64_MIN);
  EXPECT_EQ(parse_signed("9223372036854775808", 10), std::nullopt);
  EXPECT_EQ(parse_signed("--1", 10), std::nullopt);
}

}  // namespace
}  // namespace whyhung
