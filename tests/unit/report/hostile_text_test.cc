// SPDX-License-Identifier: GPL-2.0-or-later
// Names and messages of a dump are a stranger's: none of their control characters reaches a terminal, and JSON stays
// JSON.
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "report/backtrace.h"
#include "report_test_support.h"
#include "support/full_snapshot.h"

namespace whyhung::report {
namespace {

// An escape sequence, a bell, a carriage return, CSI as one character, an override of the direction, no UTF-8, a NUL.
using namespace std::string_literals;
const std::string kEvil = "\x1b]0;title\x07\r\x1b[2J\xc2\x9b\xe2\x80\xae\xff\0\n|"s;

void expect_harmless(const std::string& text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    ASSERT_TRUE(byte >= 0x20 || c == '\n') << "byte " << static_cast<int>(byte) << " in\n" << text;
    ASSERT_NE(byte, 0x7f);
    ASSERT_NE(byte, 0xff);
  }
  for (const char* mark : {"\xc2\x9b", "\xe2\x80\xae"}) ASSERT_EQ(text.find(mark), std::string::npos);
  EXPECT_NE(text.find("\\x1b"), std::string::npos) << "it is shown, in a harmless form";
}

model::Snapshot spoiled(model::Snapshot snapshot) {
  test::TextSpoiler spoiler(kEvil);
  model::visit_fields(spoiler, snapshot);
  return snapshot;
}

TEST(HostileText, NeverReachesTheTextReport) {
  for (const auto& builder : {test::starved_stop_machine(), polling_softirq(), two_hangs(), unreadable()}) {
    expect_harmless(text_of(spoiled(builder.build())));
    if (HasFatalFailure()) return;
  }
  expect_harmless(text_of(spoiled(test::full_snapshot())));
}

TEST(HostileText, NewlinesOfADumpMakeNoLinesOfTheReport) {
  auto b = test::starved_stop_machine();
  const auto lines = [](const std::string& text) { return std::ranges::count(text, '\n'); };
  b.task(120).comm = "a....b....c........";  // as long as what the next name becomes
  const auto before = lines(text_of(b.build()));
  b.task(120).comm = "a\nb\nc\n\n";
  EXPECT_EQ(lines(text_of(b.build())), before);
  b.machine().panic_message = "VERDICT  none\nNo hang found";
  EXPECT_EQ(lines(text_of(b.build())), before);
  EXPECT_EQ(text_of(b.build()).find("\nNo hang found"), std::string::npos);
}

TEST(HostileText, JsonStaysJsonAndValidUtf8) {
  for (const auto& builder : {test::starved_stop_machine(), polling_softirq(), two_hangs(), unreadable()}) {
    const std::string text = json_of(spoiled(builder.build()));
    EXPECT_TRUE(nlohmann::json::accept(text));
    EXPECT_EQ(valid_utf8(text), text);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
  }
  const std::string text = json_of(spoiled(test::full_snapshot()));
  EXPECT_TRUE(nlohmann::json::accept(text));
  EXPECT_EQ(valid_utf8(text), text);
}

TEST(HostileText, NamesOfADumpSurviveInJsonAsTheyAre) {
  auto b = test::starved_stop_machine();
  b.task(120).comm = "a\x1b[31m\"\\\n";
  const auto json = nlohmann::json::parse(json_of(b.build()));
  EXPECT_EQ(json["verdict"]["culprits"][0]["comm"], "a\x1b[31m\"\\\n");
}

TEST(HostileText, NeverReachesABacktrace) {
  for (const model::Snapshot& snapshot :
       {spoiled(test::full_snapshot()), spoiled(test::starved_stop_machine().build())}) {
    std::ostringstream out;
    for (const model::Task& task : snapshot.tasks) {
      write_backtrace(out, snapshot, task, task.stack, nullptr, SourceLines::kShow);
    }
    for (const model::Cpu& cpu : snapshot.cpus) {
      write_backtrace(out, snapshot, snapshot.tasks[0], cpu.stack, &cpu, SourceLines::kShow);
    }
    expect_harmless(out.str());
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace whyhung::report
