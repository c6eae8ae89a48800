// SPDX-License-Identifier: GPL-2.0-or-later
// rt-hog: a real-time task has a CPU and tasks of lower priority have waited there for it all the while. No soft lockup
// is reported: the watchdog's stopper stands above every real-time task.
#include <algorithm>

#include <fmt/format.h>

#include "diagnose/detector.h"

namespace whyhung::diagnose {
namespace {

constexpr std::uint64_t kStarved = 5'000'000'000;  // ns; throttled real-time tasks let the others run every second
constexpr std::uint32_t kFifo = 1;
constexpr std::uint32_t kRoundRobin = 2;
constexpr std::uint32_t kDeadline = 6;

bool is_real_time(const model::Task& task) {
  return task.policy == kFifo || task.policy == kRoundRobin || task.policy == kDeadline;
}

// Runnable tasks that have queued for the CPU of `hog` and may not run before it, and for how long; longest first.
std::vector<std::pair<std::uint64_t, const model::Task*>> starved_by(const Case& facts, const model::Task& hog,
                                                                     std::uint32_t cpu) {
  std::vector<std::pair<std::uint64_t, const model::Task*>> starved;
  for (const model::Task* task : facts.waits.queued_on(cpu)) {
    if (task->address == hog.address) continue;
    if (!task->priority || !hog.priority || *task->priority <= *hog.priority) continue;
    const std::uint64_t queued = facts.waits.queued_time(*task);
    if (queued >= kStarved) starved.emplace_back(queued, task);
  }
  std::ranges::sort(starved, [](const auto& a, const auto& b) { return a.first > b.first; });
  return starved;
}

// Whether one that stands below `hog` has had the CPU since then: then it lets others run, and who starves there
// starves behind these.
bool lets_others_run(const Case& facts, const model::Task& hog, std::uint32_t cpu) {
  return std::ranges::any_of(facts.snapshot.tasks, [&](const model::Task& task) {
    if (task.cpu != cpu || task.address == hog.address || !task.priority || !hog.priority) return false;
    const auto rested = facts.waits.idle_time(task);
    return *task.priority > *hog.priority && rested && *rested < kStarved;
  });
}

}  // namespace

std::vector<Finding> detect_rt_hog(const Case& facts) {
  std::vector<Finding> findings;
  for (const CpuCondition& condition : facts.cpus) {
    const model::Task* hog = condition.task;
    if (hog == nullptr || !is_real_time(*hog) || condition.doing == CpuDoing::kServesDump) continue;
    // Who waits for another CPU gives up its own when that one has done its part.
    if (condition.doing == CpuDoing::kWaitsForCpu) continue;
    // The stoppers and the watchdogs stand above all by design.
    if (condition.cpu->stopper && condition.cpu->stopper->task == hog->address) continue;
    const auto starved = starved_by(facts, *hog, condition.cpu->number);
    if (starved.empty() || lets_others_run(facts, *hog, condition.cpu->number)) continue;
    const model::NodeId cpu = model::cpu_node(condition.cpu->number);
    Finding finding;
    finding.hang_class = HangClass::kRtHog;
    // What a CPU without registers does is not known: it may wait for another.
    finding.confidence =
        condition.doing == CpuDoing::kUnknown ? model::Certainty::kPossible : model::Certainty::kCertain;
    finding.culprits.push_back(task_culprit_on(facts.snapshot, condition));
    Link starves{Claim::kTaskStarves,
                 {model::task_node(starved.front().second->address), cpu},
                 {},
                 model::Certainty::kCertain,
                 {}};
    starves.facts = StarvationFacts{starved.front().first, starved.size() - 1};
    starves.evidence.push_back({model::EvidenceKind::kField, "task_struct.sched_info.last_queued",
                                starved.front().second->address,
                                fmt::format("{} ns", *starved.front().second->last_queued)});
    finding.chain.push_back(std::move(starves));
    Link above{Claim::kRealTimeRuns, {cpu, model::task_node(hog->address)}, {}, model::Certainty::kCertain, {}};
    above.facts = RealTimeFacts{*hog->policy, hog->priority.value_or(0), condition.cpu->in_user_mode};
    above.evidence.push_back(
        {model::EvidenceKind::kField, "task_struct.policy", hog->address, std::to_string(*hog->policy)});
    above.evidence.push_back(
        {model::EvidenceKind::kField, "task_struct.prio", hog->address, std::to_string(hog->priority.value_or(0))});
    finding.chain.push_back(std::move(above));
    finding.advice.push_back(Advice::kThrottleRealTime);
    for (const auto& [age, task] : starved) finding.victim_tasks.push_back(task->address);
    add_victims(facts, finding);
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace whyhung::diagnose
