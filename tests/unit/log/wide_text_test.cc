// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/wide_text.h"

#include <gtest/gtest.h>

namespace whyhung::log {
namespace {

std::string narrowed(std::string_view bytes, std::size_t piece) {
  const auto all = std::as_bytes(std::span(bytes));
  auto wide = WideText::from_mark(all);
  EXPECT_TRUE(wide);
  std::string text;
  for (std::size_t at = 0; wide && at < all.size(); at += piece)
    text += wide->narrow(all.subspan(at, std::min(piece, all.size() - at)));
  return text;
}

TEST(WideText, BothOrdersOfBytesInPiecesOfAnySize) {
  using namespace std::string_view_literals;
  for (const std::size_t piece : {1, 2, 3, 100}) {
    EXPECT_EQ(narrowed("\xff\xfe[\0 \0\xe4\0\xac\x20\n\0"sv, piece), "[ \xc3\xa4\xe2\x82\xac\n") << piece;
    EXPECT_EQ(narrowed("\xfe\xff\0[\0 \0\xe4\x20\xac\0\n"sv, piece), "[ \xc3\xa4\xe2\x82\xac\n") << piece;
  }
}

TEST(WideText, HalvesOfLettersAndHalfALetterDoNoHarm) {
  using namespace std::string_view_literals;
  EXPECT_EQ(narrowed("\xff\xfe\x3d\xd8\x00\xde\x41"sv, 100), "??");
}

TEST(WideText, OnlyWithItsMark) {
  const std::string_view plain = "[ 1.0";
  EXPECT_FALSE(WideText::from_mark(std::as_bytes(std::span(plain))));
  EXPECT_FALSE(WideText::from_mark({}));
}

}  // namespace
}  // namespace whyhung::log
