// SPDX-License-Identifier: GPL-2.0-or-later
// JSON cut into pieces, and texts that only look like it.
#include "model/json_pieces.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace whyhung::model {
namespace {

using Texts = std::vector<std::string>;

// The pieces, or what is wrong with the text.
Texts elements(std::string_view text) {
  Texts found;
  const auto done = each_element(text, [&](std::string_view value) -> Result<void> {
    found.emplace_back(value);
    return {};
  });
  return done ? found : Texts{"error: " + done.error().what};
}

Texts members(std::string_view text) {
  Texts found;
  const auto done = each_member(text, [&](std::string_view name, std::string_view value) -> Result<void> {
    found.push_back(std::string(name) + "=" + std::string(value));
    return {};
  });
  return done ? found : Texts{"error: " + done.error().what};
}

bool refused(const Texts& texts) {
  return texts.size() == 1 && texts.front().starts_with("error: ");
}

TEST(JsonPieces, AListIsCutAtItsOwnCommas) {
  EXPECT_EQ(elements("[]"), Texts{});
  EXPECT_EQ(elements(" [ ] \n"), Texts{});
  EXPECT_EQ(elements("[1]"), Texts{"1"});
  EXPECT_EQ(elements(" [ 1 , [2,3], {\"a\":[4,5]} ,\"x,]\" ]"), (Texts{"1", "[2,3]", "{\"a\":[4,5]}", "\"x,]\""}));
}

TEST(JsonPieces, AnObjectIsCutAtItsOwnMembers) {
  EXPECT_EQ(members("{}"), Texts{});
  EXPECT_EQ(members("{\"a\":1, \"b\" : {\"c\":2}}"), (Texts{"a=1", "b={\"c\":2}"}));
}

TEST(JsonPieces, QuotationMarksInTextsAreNoEnds) {
  EXPECT_EQ(elements(R"(["a\"]", "\\", "b"])"), (Texts{R"("a\"]")", R"("\\")", R"("b")"}));
  EXPECT_EQ(members(R"({"a\"b": "}"})"), (Texts{R"(a\"b="}")"}));
}

TEST(JsonPieces, WhatIsNoListIsRefused) {
  for (const char* text : {"", " ", "[", "]", "{}", "1", "[1", "[1,", "[1,]", "[,1]", "[1]]", "[1] 2", "[[1]", "[\"]",
                           "[\"\\", "[\"\\\"]", "[1}"}) {
    EXPECT_TRUE(refused(elements(text))) << text;
  }
}

TEST(JsonPieces, WhatIsNoObjectIsRefused) {
  for (const char* text :
       {"", "{", "[]", "{1}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "{\"a\":1]", "{\"a\":1}}"}) {
    EXPECT_TRUE(refused(members(text))) << text;
  }
}

TEST(JsonPieces, DepthAndSizeOfAPieceAreBounded) {
  const std::string deep(kDeepestPiece, '['), deeper(kDeepestPiece + 1, '[');
  EXPECT_EQ(elements("[" + deep + std::string(deep.size(), ']') + "]").size(), 1u);
  EXPECT_FALSE(refused(elements("[" + deep + std::string(deep.size(), ']') + "]")));
  EXPECT_TRUE(refused(elements("[" + deeper + std::string(deeper.size(), ']') + "]")));
  EXPECT_TRUE(refused(elements(std::string(10'000'000, '['))));
  EXPECT_TRUE(refused(elements("[\"" + std::string(kLargestPiece, 'x') + "\"]")));
}

TEST(JsonPieces, WhoTakesThemMayStop) {
  unsigned taken = 0;
  const auto done = each_element("[1,2,3]", [&](std::string_view) -> Result<void> {
    if (++taken == 2) return fail(ErrorKind::kCorrupt, "enough");
    return {};
  });
  EXPECT_FALSE(done);
  EXPECT_EQ(taken, 2u);
}

}  // namespace
}  // namespace whyhung::model
