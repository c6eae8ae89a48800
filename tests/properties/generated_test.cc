// SPDX-License-Identifier: GPL-2.0-or-later
// Some thousand machines made at random: nobody innocent is accused, no healthy one is called hung, no hung one well.
#include <gtest/gtest.h>

#include <algorithm>

#include "properties/generator.h"
#include "properties/outcome.h"

namespace whyhung::test {
namespace {

constexpr int kMachines = 4000;
constexpr double kMostUndetermined = 0.15;  // of those that hang

TEST(Generated, NobodyInnocentIsAccusedAndNoHangIsMissed) {
  Random random(20);
  int hung = 0;
  int undetermined = 0;
  for (int i = 0; i < kMachines && !HasFailure(); ++i) {
    const MadeMachine machine = make_machine(random);
    const model::Snapshot& snapshot = machine.builder.build();
    const Outcome outcome = outcome_of(snapshot);
    const std::string seen = text_of(outcome, snapshot) + " for machine " + std::to_string(i) + ": " + machine.story;
    const std::set<std::uint64_t>& roots = machine.truth.roots;
    const std::set<std::uint64_t> accused = outcome.all_accused();
    EXPECT_TRUE(std::includes(roots.begin(), roots.end(), accused.begin(), accused.end())) << seen;
    if (!machine.truth.is_hung()) {
      EXPECT_TRUE(outcome.accuses_nobody()) << seen;
      continue;
    }
    ++hung;
    EXPECT_NE(outcome.verdict, diagnose::HangClass::kNone) << seen;
    if (outcome.verdict == diagnose::HangClass::kUndetermined) {
      ++undetermined;
      continue;
    }
    EXPECT_TRUE(machine.truth.classes.contains(outcome.verdict)) << seen;
  }
  EXPECT_GT(hung, kMachines / 4);
  EXPECT_LT(hung, kMachines * 3 / 4);
  EXPECT_LE(undetermined, hung * kMostUndetermined) << "of " << hung;
  RecordProperty("hung", hung);
  RecordProperty("undetermined", undetermined);
}

}  // namespace
}  // namespace whyhung::test
