// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/decode.h"

#include <gtest/gtest.h>

#include "log/boots.h"

namespace whyhung::log {
namespace {

Decoded decoded(std::vector<std::string> texts) {
  std::vector<RawLine> lines;
  for (std::string& text : texts) lines.push_back({lines.size() + 1, std::move(text)});
  return decode(std::move(lines));
}

TEST(Decode, TwoRecordsGluedIntoOneLineAreTakenApart) {
  const Decoded out =
      decoded({"[21255.700042] rcu: wakeup ->state=0x402[21255.700046] rcu: \tPossible timer handling issue"});
  ASSERT_EQ(out.records.size(), 2u);
  EXPECT_EQ(out.records[0].text, "rcu: wakeup ->state=0x402");
  EXPECT_EQ(out.records[1].line, 1u);
}

TEST(Decode, AFileThatRunsBackwardsIsTurnedRoundAndKeepsItsNumbers) {
  const Decoded out = decoded({"[    3.000000] c", "[    2.000000] b", "[    1.000000] a"});
  ASSERT_TRUE(out.newest_first);
  EXPECT_EQ(out.records.front().text, "a");
  EXPECT_EQ(out.records.front().line, 3u);
}

TEST(Decode, StacksUpsideDownTellTheOrderWhereAllIsOneSecond) {
  const std::string head = "Mar 14 10:38:31 fennel kernel: ";
  EXPECT_TRUE(
      decoded({head + " </TASK>", head + " schedule+0x1/0x2", head + " <TASK>", head + "Call Trace:"}).newest_first);
  EXPECT_FALSE(
      decoded({head + "Call Trace:", head + " <TASK>", head + " schedule+0x1/0x2", head + " </TASK>"}).newest_first);
}

TEST(Decode, LinesThatTwoConsolesWroteCountOnce) {
  const Decoded out = decoded({"[    1.000000] a", "[    1.000000] a", "[    2.000000] b", "[    2.000000] b"});
  EXPECT_TRUE(out.doubled);
  EXPECT_EQ(out.records.size(), 2u);
}

TEST(Decode, APartOfALongLineIsPutBack) {
  std::vector<std::string> lines;
  for (int i = 0; i < 10; ++i)
    lines.push_back("[    1.00000" + std::to_string(i) + "] an ordinary line " + std::to_string(i));
  const std::string whole =
      "[    2.000000] BUG: workqueue lockup - pool cpus=3 node=0 flags=0x1 nice=0 stuck for 132s!";
  for (int i = 0; i < 3; ++i) {
    lines.push_back(whole.substr(0, 72));
    lines.push_back(whole.substr(72));
  }
  const Decoded out = decoded(lines);
  EXPECT_TRUE(out.wrapped);
  EXPECT_EQ(out.records.back().text, whole.substr(15));
}

TEST(Decode, PartsOfPstoreComeInTheOrderOfTime) {
  const Decoded out = decoded({"Panic#2 Part1", "<4>[   20.000000] late", "Panic#2 Part2", "<4>[   10.000000] early"});
  ASSERT_EQ(out.records.size(), 2u);
  EXPECT_EQ(out.records.front().text, "early");
  EXPECT_EQ(out.records.front().line, 4u);
}

TEST(Decode, FragmentsOfNetconsoleAreJoined) {
  const Decoded out = decoded({"6,416,5000,-,ncfrag=0/20;first ha", "6,416,5000,-,ncfrag=9/20;lf"});
  ASSERT_EQ(out.records.size(), 1u);
  EXPECT_EQ(out.records.front().text, "first half");
}

TEST(Boots, ANewBootBeginsAtTheKernelsFirstLineOrWhenTheClockFalls) {
  const Decoded out = decoded({"[  100.000000] a", "[    0.000000] Linux version 6.1", "[    1.000000] b",
                               "[  900.000000] c", "[    5.000000] d"});
  EXPECT_EQ(split_boots(out.records).size(), 3u);
}

TEST(Boots, CpusWhoseClocksDifferALittleAreOneBoot) {
  const Decoded out = decoded({"[  100.000500] a", "[  100.000100] b", "[  100.000600] c", "[  101.000600] d"});
  EXPECT_EQ(split_boots(out.records).size(), 1u);
}

}  // namespace
}  // namespace whyhung::log
