// SPDX-License-Identifier: GPL-2.0-or-later
// Small pieces of text: lists of CPUs, evidence, times, sizes.
#include "report/phrases.h"

#include <set>

#include "report/marks.h"
#include "report/system_header.h"
#include "report_test_support.h"

namespace whyhung::report {
namespace {

TEST(Phrases, CpusAreListedInRuns) {
  EXPECT_EQ(cpus_phrase({3}), "CPU 3");
  EXPECT_EQ(cpus_phrase({0, 1}), "CPUs 0 and 1");
  EXPECT_EQ(cpus_phrase({0, 1, 3}), "CPUs 0, 1 and 3");
  EXPECT_EQ(cpus_phrase({0, 1, 2, 3, 7, 9, 10, 11}), "CPUs 0-3, 7 and 9-11");
  EXPECT_EQ(cpus_phrase({4, 5, 6}), "CPUs 4-6");
}

TEST(Phrases, FunctionsNameTheirModule) {
  EXPECT_EQ(plain(function_phrase("kthread", "")), "kthread()");
  EXPECT_EQ(plain(function_phrase("spin", "while1")), "spin() [while1]");
  EXPECT_EQ(plain(function_phrase("", "while1")), "code without a symbol [while1]");
  EXPECT_EQ(plain(function_phrase("", "")), "");
}

TEST(Phrases, CodeAndAddressesAreToldApartFromText) {
  EXPECT_EQ(inlines_of("it sleeps in " + function_phrase("update", "mutexes") + " at 0xffff0010, 0x"),
            (Inlines{{InlineKind::kText, "it sleeps in "},
                     {InlineKind::kCode, "update() [mutexes]"},
                     {InlineKind::kText, " at "},
                     {InlineKind::kAddress, "0xffff0010"},
                     {InlineKind::kText, ", 0x"}}));
  EXPECT_EQ(text_of(inlines_of("a " + code("b") + code("c"))), "a bc");
  EXPECT_TRUE(inlines_of("").empty());
}

TEST(Phrases, NoNameOfADumpBringsAMarkOfItsOwn) {
  const std::string forged =
      "a\x0e"
      "b\x0f";
  EXPECT_EQ(plain(function_phrase(forged, forged)), "a\\x0eb\\x0f() [a\\x0eb\\x0f]");
  EXPECT_EQ(inlines_of(function_phrase(forged, "")).size(), 1u);
}

TEST(Phrases, TasksAreNamedOrAddressed) {
  SnapshotBuilder b;
  b.task(7, "rmmod");
  EXPECT_EQ(task_phrase(model::Index(b.build()), b.address_of(7)), "rmmod (pid 7)");
  EXPECT_EQ(task_phrase(model::Index(b.build()), 0xffff888000000040), "the task at 0xffff888000000040");
}

TEST(Phrases, EvidenceSaysWhatWhereAndHowMuch) {
  EXPECT_EQ(plain(evidence_phrase({model::EvidenceKind::kField, "thread_ack", 0xabc, "1"})), "thread_ack = 1 at 0xabc");
  EXPECT_EQ(plain(evidence_phrase({model::EvidenceKind::kFrame, "panic", {}, ""})), "panic");
}

TEST(Phrases, EveryClaimIsASentence) {
  const SnapshotBuilder b;
  const model::Index index(b.build());
  for (const auto& row : words_of(diagnose::Claim{})) {
    const diagnose::Link link{row.value, {}, {}, model::Certainty::kCertain, {}};
    EXPECT_FALSE(claim_phrase(index, link).empty()) << row.name;
  }
}

TEST(Phrases, EveryAdviceDoubtAndClassIsASentence) {
  const SnapshotBuilder b;
  const model::Index index(b.build());
  for (const auto& row : words_of(diagnose::Advice{})) {
    EXPECT_FALSE(advice_phrase(row.value, {}).empty()) << row.name;
  }
  diagnose::Diagnosis diagnosis;
  diagnosis.accounting.unexplained.push_back({});
  diagnosis.unending.push_back({});
  diagnosis.unlisted.push_back({0, "synchronize_srcu"});
  diagnosis.unread.push_back({0, "mutex_lock"});
  for (const auto& row : words_of(diagnose::Doubt{})) {
    EXPECT_FALSE(doubt_phrase(index, diagnosis, row.value).empty()) << row.name;
  }
  for (const auto& row : words_of(diagnose::HangClass{})) {
    diagnose::Finding finding;
    finding.hang_class = row.value;
    finding.culprits.emplace_back();
    EXPECT_GT(finding_phrase(index, finding).size(), 5u) << row.name;
  }
}

TEST(Phrases, EveryRoleAndEveryWayOfWaitingHasItsWords) {
  std::set<std::string> words;
  for (const auto& row : words_of(model::HolderRole{})) words.emplace(role_words(row.value));
  EXPECT_EQ(words.size(), words_of(model::HolderRole{}).size());
  words.clear();
  for (const auto& row : words_of(model::WaitKind{})) words.emplace(how_phrase(row.value));
  EXPECT_EQ(words.size(), words_of(model::WaitKind{}).size());
  EXPECT_FALSE(words.contains(""));
}

TEST(SystemHeader, TimesAndSizesReadAsUsersOfCrashKnowThem) {
  EXPECT_EQ(date_text(1795363951), "Sun Nov 22 16:12:31 UTC 2026");
  EXPECT_EQ(date_text(0), "Thu Jan  1 00:00:00 UTC 1970");
  EXPECT_EQ(date_text(INT64_MAX), "(unknown)");
  EXPECT_EQ(uptime_text(78), "00:01:18");
  EXPECT_EQ(uptime_text(86400), "1 day, 00:00:00");
  EXPECT_EQ(uptime_text(3 * 86400 + 3723), "3 days, 01:02:03");
  EXPECT_EQ(memory_text(639ull << 20 | 1 << 19), "639.5 MB");
  EXPECT_EQ(memory_text(3ull << 40), "3.0 TB");
}

TEST(SystemHeader, WhatIsUnknownIsSaid) {
  std::ostringstream out;
  write_system_header(out, {});
  const std::string text = out.str();
  EXPECT_NE(text.find("        CPUS: (unknown)\n"), std::string::npos) << text;
  EXPECT_NE(text.find("        DATE: (unknown)\n"), std::string::npos);
  EXPECT_NE(text.find("      KERNEL: symbols: none; types: none\n"), std::string::npos);
  EXPECT_NE(text.find("       PANIC: (none)\n"), std::string::npos);
}

TEST(SystemHeader, OfflineCpusAndTheKindOfDumpAreTold) {
  model::Machine machine;
  machine.cpu_count = 8;
  machine.online_cpu_count = 6;
  machine.partial_dump = true;
  machine.capsule = true;
  std::ostringstream out;
  write_system_header(out, machine);
  EXPECT_NE(out.str().find("8 [OFFLINE: 2]"), std::string::npos);
  EXPECT_NE(out.str().find("[PARTIAL DUMP]  [CAPSULE]"), std::string::npos);
}

}  // namespace
}  // namespace whyhung::report
