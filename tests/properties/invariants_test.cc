// SPDX-License-Identifier: GPL-2.0-or-later
// Order, names and bystanders change no verdict; a fact that is missing may weaken one, and never accuses somebody else
// nor says of a hung machine that it is well.
#include <gtest/gtest.h>

#include <algorithm>

#include "properties/mutations.h"
#include "properties/outcome.h"
#include "properties/stored.h"

namespace whyhung::test {
namespace {

class Invariants : public testing::TestWithParam<std::string> {
 protected:
  Invariants() : text_(text_of_scenario(GetParam())), snapshot_(snapshot_of(text_)), outcome_(outcome_of(snapshot_)) {}

  std::string text_;
  model::Snapshot snapshot_;
  Outcome outcome_;
};

TEST_P(Invariants, OrderChangesNothing) {
  Random random(1);
  for (int round = 0; round < 5; ++round) {
    model::Snapshot shuffled = snapshot_;
    shuffle(shuffled, random);
    const Outcome outcome = outcome_of(shuffled);
    EXPECT_EQ(outcome, outcome_) << text_of(outcome, snapshot_) << " for " << text_of(outcome_, snapshot_);
  }
}

TEST_P(Invariants, NamesChangeNothing) {
  std::map<std::uint64_t, std::uint64_t> back;
  const model::Snapshot renamed = snapshot_of(with_other_names(text_, snapshot_, back));
  const Outcome outcome = outcome_of(renamed);
  EXPECT_EQ(outcome.verdict, outcome_.verdict);
  EXPECT_EQ(outcome.confidence, outcome_.confidence);
  std::set<std::uint64_t> culprits;
  for (const std::uint64_t culprit : outcome.culprits)
    culprits.insert(back.contains(culprit) ? back[culprit] : culprit);
  EXPECT_EQ(culprits, outcome_.culprits);
}

TEST_P(Invariants, SomebodyInnocentChangesNothing) {
  for (const Mutation& mutation : innocents()) {
    model::Snapshot crowded = snapshot_;
    mutation.apply(crowded);
    const Outcome outcome = outcome_of(crowded);
    EXPECT_EQ(outcome, outcome_) << mutation.what << ": " << text_of(outcome, crowded) << " for "
                                 << text_of(outcome_, snapshot_);
  }
}

// Where all who wait can be disturbed, what they wait for is all that tells them from others who sleep.
bool all_can_be_disturbed(const model::Snapshot& snapshot) {
  return std::none_of(snapshot.waits.begin(), snapshot.waits.end(), [&](const model::Wait& wait) {
    const model::Task* task = wait.waiter.kind == model::NodeKind::kTask ? snapshot.find_task(wait.waiter.id) : nullptr;
    return task == nullptr || task->state != model::TaskState::kInterruptible;
  });
}

// Of what nobody brings one of those who wait is named, whichever is known to.
std::set<std::uint64_t> who_may_be_named(const Outcome& outcome) {
  std::set<std::uint64_t> named = outcome.all_accused();
  using enum diagnose::HangClass;
  const bool names_waiters =
      outcome.verdict == kLostWakeup || outcome.verdict == kNeverCompleted || outcome.verdict == kMemoryReclaimStall;
  if (names_waiters) named.insert(outcome.victims.begin(), outcome.victims.end());
  return named;
}

// What `poorer` is told to be, held against the whole truth.
void expect_weaker(const Outcome& whole, const model::Snapshot& snapshot, const model::Snapshot& poorer,
                   const std::string& what) {
  const std::set<std::uint64_t> accused = who_may_be_named(whole);
  const Outcome outcome = outcome_of(poorer);
  const bool became_well = outcome.verdict == diagnose::HangClass::kNone && whole.verdict != outcome.verdict;
  const bool is_for_users = whole.verdict == diagnose::HangClass::kUserSpaceLock || all_can_be_disturbed(snapshot);
  EXPECT_FALSE(became_well && !is_for_users) << what;
  if (outcome.confidence == model::Certainty::kPossible) return;
  EXPECT_TRUE(std::includes(accused.begin(), accused.end(), outcome.culprits.begin(), outcome.culprits.end()))
      << what << ": " << text_of(outcome, snapshot) << " for " << text_of(whole, snapshot);
}

TEST_P(Invariants, AFactThatIsMissingAccusesNobodyElse) {
  for (const Mutation& mutation : losses(snapshot_)) {
    model::Snapshot poorer = snapshot_;
    mutation.apply(poorer);
    expect_weaker(outcome_, snapshot_, poorer, mutation.what);
  }
}

TEST_P(Invariants, TwoFactsThatAreMissingDoNeither) {
  // That a CPU is not run from outside has one witness, its own clock.
  if (outcome_.verdict == diagnose::HangClass::kExternal) GTEST_SKIP();
  constexpr int kPairs = 200;
  Random random(3);
  const std::vector<Mutation> all = losses(snapshot_);
  std::uniform_int_distribution<std::size_t> any(0, all.size() - 1);
  for (int i = 0; i < kPairs; ++i) {  // the one that shifts the others comes last
    const Mutation* first = &all[any(random)];
    const Mutation* second = &all[any(random)];
    if (first->shifts) std::swap(first, second);
    if (first->shifts) continue;
    model::Snapshot poorer = snapshot_;
    first->apply(poorer);
    second->apply(poorer);
    expect_weaker(outcome_, snapshot_, poorer, first->what + " and " + second->what);
  }
}

std::string name_for_test(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Stored, Invariants, testing::ValuesIn(stored_scenarios()), name_for_test);

}  // namespace
}  // namespace whyhung::test
