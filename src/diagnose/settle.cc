// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnose/settle.h"

#include <algorithm>
#include <set>

#include "diagnose/movement.h"
#include "model/gap_kinds.h"

namespace whyhung::diagnose {
namespace {

// A machine that stopped for a reason of its own was not found hanging: there only what the kernel itself calls too
// long (kernel.hung_task_timeout_secs, by default) is worth a word.
constexpr std::uint64_t kPatienceAfterCrash = 120'000'000'000;  // ns

// The first who waits in the chain.
const Link* head_of(const Finding& finding) {
  const auto waits = [](const Link& link) { return link.claim == Claim::kTaskWaits || link.claim == Claim::kCpuSpins; };
  const auto first = std::ranges::find_if(finding.chain, waits);
  return first == finding.chain.end() || first->nodes.empty() ? nullptr : &*first;
}

bool states(const Finding& finding, Claim claim) {
  return std::ranges::find(finding.chain, claim, &Link::claim) != finding.chain.end();
}

// One that runs, or would, and does not serve those who wait was judged by what it does not do.
bool moves_in_vain(const Finding& finding) {
  return states(finding, Claim::kHolderNaps) || states(finding, Claim::kHolderRuns) ||
         states(finding, Claim::kTaskStarves) || states(finding, Claim::kServerSilent);
}

// The first who waits, and with it the whole chain, can go on.
bool goes_on(const Case& facts, const Finding& finding) {
  const Link* head = head_of(finding);
  return !moves_in_vain(finding) && head != nullptr && facts.blame.of(head->nodes.front()) == Ability::kAble;
}

// Whether the chain ends at what only has not come yet: nothing proves that it will not.
bool is_open(const Finding& finding) {
  return finding.confidence != model::Certainty::kCertain;
}

// One sleeps, or nobody is known: for how long that is lawful nobody says but patience.
bool rests_on_patience(const Finding& finding) {
  return states(finding, Claim::kHolderSleeps) || states(finding, Claim::kNobodyCompletes);
}

bool is_too_young(const Case& facts, const Finding& finding) {
  const Link* head = head_of(finding);
  if (head == nullptr || head->claim != Claim::kTaskWaits || !is_open(finding)) return false;
  const model::Wait* wait = facts.waits.wait_of(head->nodes.front());
  const auto stands = wait == nullptr ? std::nullopt : standing_time(facts, *wait);
  if (!stands) return false;
  if (stopped_by_itself(facts.snapshot.machine)) return *stands < kPatienceAfterCrash;
  return rests_on_patience(finding) && *stands < patience(facts.snapshot.machine);
}

// A culprit belongs to one finding: that of the first detector that accuses it (their table says in which order).
void drop_repetitions(std::vector<Finding>& findings) {
  std::vector<Finding> kept;
  std::set<std::pair<std::uint64_t, std::optional<std::uint32_t>>> accused;
  for (Finding& finding : findings) {
    const auto is_known = [&](const Culprit& culprit) { return accused.contains({culprit.task, culprit.cpu}); };
    if (!finding.culprits.empty() && std::ranges::all_of(finding.culprits, is_known)) continue;
    for (const Culprit& culprit : finding.culprits) accused.emplace(culprit.task, culprit.cpu);
    kept.push_back(std::move(finding));
  }
  findings = std::move(kept);
}

// What is certainly lost stands above what nobody is known to do, however many wait for that; of equals what blocks
// more comes first. Detectors stand in order of how much they explain.
void rank(std::vector<Finding>& findings) {
  std::ranges::stable_sort(findings, [](const Finding& a, const Finding& b) {
    const auto blocked = [](const Finding& one) { return one.victim_tasks.size() + one.victim_cpus.size(); };
    const bool a_crashed = a.hang_class == HangClass::kCrashed;
    if (a_crashed != (b.hang_class == HangClass::kCrashed)) return a_crashed;
    if (a.confidence != b.confidence) return a.confidence < b.confidence;
    return blocked(a) > blocked(b);
  });
}

// When the earliest CPU was lost for certain, by the clock of the machine; nothing: none was.
std::optional<std::uint64_t> lost_since(const Case& facts, const std::vector<Finding>& findings) {
  std::optional<std::uint64_t> earliest;
  const std::uint64_t now = facts.snapshot.machine.clock.value_or(0);
  for (const Finding& finding : findings) {
    if (finding.confidence != model::Certainty::kCertain) continue;
    for (const Culprit& culprit : finding.culprits) {
      const CpuCondition* condition = culprit.occupies_cpu ? condition_of(facts, culprit.cpu) : nullptr;
      if (condition == nullptr) continue;
      const std::uint64_t lost = std::max(
          {condition->held.value_or(0), condition->clock_behind.value_or(0), condition->unwatched.value_or(0)});
      const std::uint64_t since = now > lost ? now - lost : 0;
      if (!earliest || since < *earliest) earliest = since;
    }
  }
  return earliest;
}

// What only has not come yet may have been to come from a CPU that is lost: a timer, a softirq, a bound thread. Nobody
// is accused of not having done what he may have left to it.
void leave_to_lost_cpus(const Case& facts, std::vector<Finding>& findings) {
  constexpr std::uint64_t kBefore = 5'000'000'000;  // ns: for so long what was under way may still have been to come
  const auto lost = lost_since(facts, findings);
  if (!lost) return;
  std::erase_if(findings, [&](const Finding& finding) {
    const Link* head = head_of(finding);
    const bool occupies = std::ranges::any_of(finding.culprits, &Culprit::occupies_cpu);
    if (head == nullptr || head->claim != Claim::kTaskWaits || !is_open(finding) || occupies) return false;
    const model::Wait* wait = facts.waits.wait_of(head->nodes.front());
    return wait == nullptr || !wait->since || *wait->since + kBefore > *lost;
  });
}

// What was read by the types of another build is not certain, however well they fit.
void cap_by_types(const Case& facts, std::vector<Finding>& findings) {
  const bool has_near_types = std::ranges::any_of(
      facts.snapshot.gaps, [](const Gap& gap) { return model::kind_of(gap) == model::GapKind::kNearTypes; });
  if (!has_near_types) return;
  for (Finding& finding : findings) finding.confidence = model::weaker(finding.confidence, model::Certainty::kLikely);
}

// Where part of the kernel's symbols is missing, a function is called by the name of one before it, or by none: what
// the kernel's own code does on a CPU is not known then. Modules bring symbols of their own.
void clear_misnamed(const Case& facts, std::vector<Finding>& findings) {
  const bool are_torn =
      std::ranges::any_of(facts.snapshot.gaps, [](const Gap& gap) { return gap.what == model::kGapSymbols; });
  if (!are_torn) return;
  std::erase_if(findings, [](const Finding& finding) {
    return std::ranges::any_of(finding.culprits,
                               [](const Culprit& one) { return one.occupies_cpu && one.module.empty(); });
  });
}

}  // namespace

void settle(const Case& facts, std::vector<Finding>& findings) {
  std::erase_if(findings,
                [&](const Finding& finding) { return goes_on(facts, finding) || is_too_young(facts, finding); });
  clear_misnamed(facts, findings);
  cap_by_types(facts, findings);
  leave_to_lost_cpus(facts, findings);
  drop_repetitions(findings);
  rank(findings);
}

}  // namespace whyhung::diagnose
