// SPDX-License-Identifier: GPL-2.0-or-later
// The report as JSON: what programs rely on.
#include <nlohmann/json.hpp>

#include "report_test_support.h"
#include "support/full_snapshot.h"

namespace whyhung::report {
namespace {

using Json = nlohmann::json;

Json report_of(const model::Snapshot& snapshot) {
  return Json::parse(json_of(snapshot));
}

TEST(JsonReport, NamesItsSchemaFirst) {
  EXPECT_TRUE(json_of({}).starts_with("{\"schema\":\"whyhung-report-1\","))
      << "so that it can be told from its first line";
}

TEST(JsonReport, TheVerdictNamesCulpritVictimsAndChain) {
  const Json verdict = report_of(test::starved_stop_machine().build())["verdict"];
  EXPECT_EQ(verdict["class"], "stop-machine-starved");
  EXPECT_EQ(verdict["confidence"], "certain");
  ASSERT_EQ(verdict["culprits"].size(), 1u);
  const Json& culprit = verdict["culprits"][0];
  EXPECT_EQ(culprit["pid"], 120);
  EXPECT_EQ(culprit["comm"], "spinner");
  EXPECT_EQ(culprit["cpu"], 2);
  EXPECT_EQ(culprit["function"], "spin_forever");
  EXPECT_EQ(culprit["module"], "while1");
  EXPECT_EQ(culprit["thread_function"], "pmount_kthread");
  EXPECT_EQ(culprit["kind"], "task");
  bool has_requester = false;
  for (const Json& victim : verdict["victims"]) has_requester |= victim.value("requester", false);
  EXPECT_TRUE(has_requester);
  EXPECT_EQ(verdict["chain"].size(), 10u);
  EXPECT_FALSE(verdict.contains("reasons"));
}

TEST(JsonReport, AVerdictWithoutAFindingHasItsReasons) {
  const Json verdict = report_of(unreadable().build())["verdict"];
  EXPECT_EQ(verdict["class"], "undetermined");
  EXPECT_TRUE(verdict["culprits"].empty());
  EXPECT_EQ(verdict["reasons"][0]["kind"], "nothing-readable");
}

TEST(JsonReport, EverythingIsCounted) {
  const auto builder = two_hangs();
  const Json accounting = report_of(builder.build())["accounting"];
  std::size_t tasks = 0;
  for (const auto& [bucket, count] : accounting["tasks"].items()) tasks += count.get<std::size_t>();
  EXPECT_EQ(tasks, builder.build().tasks.size());
  EXPECT_EQ(accounting["task_total"], tasks);
  std::size_t cpus = 0;
  for (const auto& [bucket, count] : accounting["cpus"].items()) cpus += count.get<std::size_t>();
  EXPECT_EQ(cpus, 4u);
  EXPECT_EQ(accounting["cpu_total"], 4);
}

TEST(JsonReport, EveryTaskCpuGapAndFindingIsThere) {
  const auto builder = two_hangs();
  const Json json = report_of(builder.build());
  EXPECT_EQ(json["tasks"].size(), builder.build().tasks.size());
  EXPECT_EQ(json["cpus"].size(), 4u);
  EXPECT_EQ(json["findings"].size(), 2u);
  EXPECT_EQ(report_of(unreadable().build())["gaps"].size(), 2u);
}

TEST(JsonReport, AddressesAreStringsSoThatNoReaderRoundsThem) {
  const Json json = report_of(test::starved_stop_machine().build());
  EXPECT_TRUE(json["tasks"][0]["task"].is_string());
  EXPECT_EQ(json["cpus"][3]["loop"]["begin"].get<std::string>().substr(0, 2), "0x");
  EXPECT_TRUE(json["cpus"][0]["stack"]["frames"][0]["address"].is_string());
}

TEST(JsonReport, ASnapshotWithEverythingInItIsReported) {
  const Json json = report_of(test::full_snapshot());
  EXPECT_EQ(json["cpus"].size(), 2u);
  EXPECT_EQ(json["tasks"][0]["stack"]["frames"].size(), 2u);
  EXPECT_TRUE(json["tasks"][0]["stack"].contains("user_registers"));
}

}  // namespace
}  // namespace whyhung::report
