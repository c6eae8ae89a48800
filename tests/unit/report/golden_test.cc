// SPDX-License-Identifier: GPL-2.0-or-later
// Whole reports, word for word. A change on purpose: run with WHYHUNG_UPDATE_GOLDEN=1, read the difference, keep it.
#include <cstdlib>
#include <fstream>

#include <fmt/format.h>

#include "report_test_support.h"

namespace whyhung::report {
namespace {

void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = fmt::format("{}/{}.txt", WHYHUNG_GOLDEN, name);
  if (std::getenv("WHYHUNG_UPDATE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << text;
  std::ifstream file(path, std::ios::binary);
  ASSERT_TRUE(file) << path << " is missing: run with WHYHUNG_UPDATE_GOLDEN=1 and look at what it writes";
  const std::string expected((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_EQ(text, expected) << path;
}

TEST(GoldenReport, AStarvedStopMachine) {
  expect_golden("stop_machine", text_of(test::starved_stop_machine().build()));
}

TEST(GoldenReport, ASoftirqThatPollsAFlag) {
  expect_golden("softirq", text_of(polling_softirq().build()));
}

TEST(GoldenReport, TwoHangsAtOnce) {
  expect_golden("two_hangs", text_of(two_hangs().build()));
}

TEST(GoldenReport, AMachineThatCouldNotBeRead) {
  expect_golden("unreadable", text_of(unreadable().build()));
}

TEST(GoldenReport, AHealthyMachineThatSomebodyCrashed) {
  SnapshotBuilder b;
  b.cpu(0).idles();
  b.cpu(1)
      .runs(50, "bash")
      .frames({"__crash_kexec", "panic", "sysrq_handle_crash"})
      .dump_role(model::DumpRole::kPanicked);
  b.machine().panic_message = "sysrq: Trigger a crash";
  b.machine().panic_cpu = 1;
  expect_golden("healthy", text_of(b.build()));
}

TEST(Report, ColourOnlyAddsItsOwnSequences) {
  const auto b = test::starved_stop_machine();
  std::string coloured = text_of(b.build(), Colour::kTerminal);
  EXPECT_NE(coloured.find("\x1b[1;31mstop-machine-starved\x1b[0m"), std::string::npos);
  for (std::size_t at; (at = coloured.find("\x1b[")) != std::string::npos;) {
    coloured.erase(at, coloured.find('m', at) - at + 1);
  }
  EXPECT_EQ(coloured, text_of(b.build()));
}

TEST(Report, NoLineIsWiderThanATerminalUnlessAWordIs) {
  for (const auto& builder : {test::starved_stop_machine(), polling_softirq(), two_hangs(), unreadable()}) {
    std::istringstream lines(text_of(builder.build()));
    std::string line;
    while (std::getline(lines, line)) EXPECT_LE(line.size(), 125u) << line;  // bytes: a few characters have three
  }
}

TEST(Report, ManyGapsAreCutAndCounted) {
  auto b = unreadable();
  for (int i = 0; i < 50; ++i) b.snapshot().gaps.push_back({"gap", "why"});
  EXPECT_NE(text_of(b.build()).find(".. and 40 more (all of them with --json)"), std::string::npos);
}

}  // namespace
}  // namespace whyhung::report
