// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include "log/read_log.h"

namespace whyhung::log {
namespace {

LogReport judged(std::initializer_list<std::string_view> texts) {
  std::vector<RawLine> lines;
  for (const std::string_view text : texts) lines.push_back({lines.size() + 1, std::string(text)});
  auto report = judge_lines(std::move(lines), "test");
  EXPECT_TRUE(report);
  return report ? *std::move(report) : LogReport{};
}

TEST(LogJudge, TextWithoutAKernelsWordsIsRefused) {
  const auto report = judge_lines({{1, "Dear all,"}, {2, "nothing here."}}, "letter");
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().what.find("no kernel messages found"), std::string::npos);
}

TEST(LogJudge, NothingIsEverCertain) {
  const LogReport report = judged(
      {"[  100.000000] watchdog: BUG: soft lockup - CPU#2 stuck for 26s! [x:5]", "[  100.000001] RIP: 0010:f+0x1/0x2",
       "[  128.000000] watchdog: BUG: soft lockup - CPU#2 stuck for 52s! [x:5]", "[  128.000001] RIP: 0010:f+0x1/0x2"});
  EXPECT_EQ(report.verdict.hang_class, diagnose::HangClass::kCpuHog);
  EXPECT_EQ(report.verdict.confidence, model::Certainty::kLikely);
}

TEST(LogJudge, EvidenceNamesTheLine) {
  const LogReport report =
      judged({"[  100.000000] something else", "[  200.000000] INFO: task a:1 blocked for more than 122 seconds.",
              "[  200.000001] task:a               state:D stack:0     pid:1  ppid:0      flags:0x0",
              "[  200.000002]  schedule+0x1/0x2", "[  200.000003]  __mutex_lock+0x1/0x2", "[  200.000004]  f+0x1/0x2"});
  EXPECT_EQ(report.verdict.hang_class, diagnose::HangClass::kUndetermined);
  ASSERT_FALSE(report.verdict.chain.empty());
  EXPECT_EQ(report.verdict.chain[0].lines.at(0), 2u);
  EXPECT_EQ(report.cited.at(2), "INFO: task a:1 blocked for more than 122 seconds.");
  EXPECT_TRUE(report.verdict.accused.empty());
}

}  // namespace
}  // namespace whyhung::log
