// SPDX-License-Identifier: GPL-2.0-or-later
// A diagnosis in the few words that an invariant compares: what, how sure, and who.
#pragma once

#include <compare>
#include <set>
#include <string>
#include <vector>

#include "diagnose/diagnose.h"

namespace whyhung::test {

// Tasks by address; a softirq or interrupt by the task that it came in on top of.
struct Accusation {
  diagnose::HangClass what = diagnose::HangClass::kUndetermined;
  std::set<std::uint64_t> whom;
  auto operator<=>(const Accusation&) const = default;
};

struct Outcome {
  diagnose::HangClass verdict = diagnose::HangClass::kUndetermined;
  model::Certainty confidence = model::Certainty::kPossible;
  std::set<std::uint64_t> culprits;       // of the verdict
  std::multiset<Accusation> accusations;  // of all findings, those that are alike taken apart
  std::set<std::uint64_t> victims;        // of the verdict
  bool operator==(const Outcome&) const = default;

  bool accuses_nobody() const {
    return verdict == diagnose::HangClass::kNone || verdict == diagnose::HangClass::kUndetermined;
  }
  // Whom any finding accuses.
  std::set<std::uint64_t> all_accused() const;
};

Outcome outcome_of(const model::Snapshot& snapshot);
// For a failure's message: "mutex-deadlock certain: 117 118".
std::string text_of(const Outcome& outcome, const model::Snapshot& snapshot);

}  // namespace whyhung::test
