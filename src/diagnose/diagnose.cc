// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnose/diagnose.h"

#include <algorithm>
#include <array>
#include <set>

#include "diagnose/alike.h"
#include "diagnose/detector.h"

namespace whyhung::diagnose {
namespace {

constexpr std::uint64_t kPatience = 30'000'000'000;  // ns: no disk is that slow

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

// What blocks more comes first; of equals what is surer. Detectors stand in order of how much they explain.
void rank(std::vector<Finding>& findings) {
  std::ranges::stable_sort(findings, [](const Finding& a, const Finding& b) {
    const auto blocked = [](const Finding& one) { return one.victim_tasks.size() + one.victim_cpus.size(); };
    if (blocked(a) != blocked(b)) return blocked(a) > blocked(b);
    return a.confidence < b.confidence;
  });
}

// Panics that a detector of hangs asked for (kernel/watchdog.c, kernel/hung_task.c, kernel/rcu/tree_stall.h). The text
// only raises a doubt; no finding rests on it.
bool is_hang_panic(std::string_view message) {
  constexpr auto kWords = std::to_array<std::string_view>(
      {"softlockup", "soft lockup", "hard LOCKUP", "Hard LOCKUP", "hung_task", "RCU Stall", "workqueue lockup"});
  return std::ranges::any_of(kWords,
                             [&](std::string_view word) { return message.find(word) != std::string_view::npos; });
}

std::vector<UnendingWait> unending_waits(const Case& facts) {
  std::vector<UnendingWait> unending;
  for (const auto& [node, wait] : facts.waits.oldest_waits()) {
    const model::Resource& resource = *facts.waits.resource(node);
    const model::Task* waiter = facts.waits.task(wait->waiter);
    const bool can_be_disturbed = waiter == nullptr || waiter->state != model::TaskState::kUninterruptible;
    const auto* completion = completion_of(resource);
    const bool ends_by_itself = completion != nullptr && completion->ends_by_itself;
    if (can_be_disturbed || is_user_lock(resource) || ends_by_itself) continue;
    if (facts.waits.youngest_age(node).value_or(0) < kPatience) continue;
    unending.push_back({wait->waiter.id, node.id, facts.waits.age(*wait).value_or(0)});
  }
  std::ranges::stable_sort(unending, std::ranges::greater(), &UnendingWait::age);
  return unending;
}

void collect_doubts(const Case& facts, Diagnosis& diagnosis) {
  const auto doubt = [&](Doubt kind) { diagnosis.doubts.push_back(kind); };
  if (facts.snapshot.cpus.empty() || facts.snapshot.tasks.empty()) doubt(Doubt::kNothingReadable);
  const auto unknown = [](const CpuCondition& condition) { return condition.doing == CpuDoing::kUnknown; };
  if (!facts.cpus.empty() && std::ranges::all_of(facts.cpus, unknown)) doubt(Doubt::kCpusUnknown);
  bool stuck = false;
  bool waits = false;
  for (const CpuCondition& condition : facts.cpus) {
    const bool busy = condition.doing == CpuDoing::kKernelCode || condition.doing == CpuDoing::kWaitsForCpu ||
                      condition.doing == CpuDoing::kUnknown;
    const bool is_stuck = busy && (condition.lockup || condition.ticks_stopped);
    if (is_stuck) diagnosis.doubtful_cpus.push_back(condition.cpu->number);
    stuck |= is_stuck;
    waits |= is_stuck && condition.doing == CpuDoing::kWaitsForCpu;
  }
  if (waits) {
    doubt(Doubt::kCpuWaitsUnexplained);
  } else if (stuck) {
    doubt(Doubt::kLockupUnexplained);
  }
  if (is_hang_panic(facts.snapshot.machine.panic_message)) doubt(Doubt::kDetectorFired);
  diagnosis.unending = unending_waits(facts);
  if (!diagnosis.unending.empty()) doubt(Doubt::kWaitsUnending);
  const auto& unexplained = diagnosis.accounting.unexplained;
  if (!unexplained.empty() && unexplained.front().since.value_or(0) >= kPatience) doubt(Doubt::kTasksUnexplained);
}

}  // namespace

Diagnosis diagnose(const model::Snapshot& snapshot) {
  return diagnose(model::Index(snapshot));
}

Diagnosis diagnose(const model::Index& index) {
  Diagnosis diagnosis;
  const model::Snapshot& snapshot = index.snapshot();
  const WaitGraph graph(snapshot);
  const std::vector<CpuCondition> cpus = judge_cpus(index);
  const WaitIndex waits(index);
  const Case facts{snapshot, index, graph, waits, cpus};
  for (const Detector& detector : detectors()) {
    auto found = detector.detect(facts);
    std::ranges::move(found, std::back_inserter(diagnosis.findings));
  }
  drop_repetitions(diagnosis.findings);
  rank(diagnosis.findings);
  diagnosis.accounting = account(facts, diagnosis.findings);
  fold_alike(index, diagnosis.findings);
  diagnosis.liveness = judge_liveness(index, cpus);
  if (!diagnosis.findings.empty()) {
    diagnosis.verdict = diagnosis.findings.front().hang_class;
    diagnosis.confidence = diagnosis.findings.front().confidence;
    return diagnosis;
  }
  collect_doubts(facts, diagnosis);
  diagnosis.verdict = diagnosis.doubts.empty() ? HangClass::kNone : HangClass::kUndetermined;
  diagnosis.confidence = diagnosis.doubts.empty() ? model::Certainty::kLikely : model::Certainty::kPossible;
  return diagnosis;
}

}  // namespace whyhung::diagnose
