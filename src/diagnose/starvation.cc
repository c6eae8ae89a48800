// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnose/starvation.h"

#include <algorithm>

#include <fmt/format.h>

namespace whyhung::diagnose {
namespace {

using model::Certainty;
using model::EvidenceKind;

constexpr std::uint64_t kSecond = 1'000'000'000;  // ns
// A throttled task may run a little in every period, of a second at most: more patience where others wait for it.
constexpr std::uint64_t kLastingThrottle = 20 * kSecond;
// For so long no task is kept waiting that only shares its CPU with many, if nobody else depends on it.
constexpr std::uint64_t kAlone = 60 * kSecond;
constexpr std::uint32_t kIdlePolicy = 5;  // SCHED_IDLE: asked for what it got
constexpr std::int32_t kNiceZero = 120;   // task_struct.prio of a fair task with nice 0

// Whether the CPU goes from one fair task to the next, as a CPU should.
bool is_shared(const CpuCondition& condition) {
  if (condition.task == nullptr || condition.not_run || condition.stopper_starved || condition.endless_loop)
    return false;
  if (!condition.task->last_arrival) return false;
  if (stands_long(condition) || condition.held.value_or(0) >= kLasting) return false;
  if (condition.doing != CpuDoing::kUserMode && condition.doing != CpuDoing::kKernelCode) return false;
  return condition.task->priority.value_or(0) >= kNiceZero - 20;
}

Weight weight_of(const model::Task& task) {
  Weight weight{task.policy == kIdlePolicy, {}};
  if (task.priority) weight.nice = std::int64_t{*task.priority} - kNiceZero;
  return weight;
}

void add_throttle(const model::Task& task, Finding& finding) {
  Link link{Claim::kThrottled, {model::task_node(task.address)}, {}, Certainty::kCertain, {}};
  link.facts = ThrottleFacts{task.throttle->group, task.throttle->quota, task.throttle->period};
  model::Evidence evidence{EvidenceKind::kField, "cfs_rq.throttled of its control group on that CPU", {}, {}};
  if (task.throttle->throttled) evidence.value = std::to_string(*task.throttle->throttled);
  link.evidence.push_back(std::move(evidence));
  finding.chain.push_back(std::move(link));
}

void add_preferred(const Case& facts, const model::Task& task, const CpuCondition& condition, Finding& finding) {
  const std::size_t others = facts.waits.queued_on(condition.cpu->number).size() - 1;  // the task itself is one
  Link link{Claim::kOthersPreferred,
            {model::cpu_node(condition.cpu->number), model::task_node(condition.task->address),
             model::task_node(task.address)},
            {},
            Certainty::kCertain,
            {}};
  link.facts = PreferenceFacts{others, weight_of(*condition.task), weight_of(task)};
  link.evidence.push_back({EvidenceKind::kField,
                           fmt::format("runqueues.curr of CPU {}", condition.cpu->number),
                           {},
                           fmt::format("{:#x}", condition.task->address)});
  if (task.priority) {
    link.evidence.push_back({EvidenceKind::kField, "task_struct.prio", task.address, std::to_string(*task.priority)});
  }
  finding.chain.push_back(std::move(link));
}

}  // namespace

bool is_starved(const Case& facts, const model::Task& task, std::uint64_t waited) {
  if (!task.queues_for_cpu()) return false;
  if (task.throttle && waited >= kLastingThrottle) return true;
  const CpuCondition* condition = condition_of(facts, task.cpu);
  return facts.waits.queued_time(task) >= kLasting &&
         (task.throttle || (condition != nullptr && is_shared(*condition)));
}

void end_at_starved(const Case& facts, const model::Task& task, Finding& finding, std::size_t others) {
  Link link{Claim::kTaskStarves,
            {model::task_node(task.address), model::cpu_node(task.cpu.value_or(0))},
            {},
            Certainty::kCertain,
            {}};
  link.facts = StarvationFacts{facts.waits.queued_time(task), others};
  link.evidence.push_back(state_evidence(facts.snapshot, task));
  if (task.last_queued) {
    link.evidence.push_back({EvidenceKind::kField, "task_struct.sched_info.last_queued", task.address,
                             fmt::format("{} ns", *task.last_queued)});
  }
  finding.chain.push_back(std::move(link));
  const CpuCondition* condition = condition_of(facts, task.cpu);
  if (task.throttle) {
    add_throttle(task, finding);
  } else if (condition != nullptr) {
    add_preferred(facts, task, *condition, finding);
  }
  finding.hang_class = HangClass::kStarvation;
  finding.culprits = {facts.waits.sleeping_culprit(task)};
  finding.advice = {Advice::kGiveCpuTime};
}

std::vector<Finding> detect_starvation(const Case& facts) {
  std::map<std::uint32_t, std::vector<const model::Task*>> starved;  // by CPU
  for (const model::Task& task : facts.snapshot.tasks) {
    if (!task.queues_for_cpu() || task.policy == kIdlePolicy || facts.waits.queued_time(task) < kAlone) continue;
    // Where others wait for what the task holds, their chains lead to it.
    const bool is_waited_for = facts.waits.is_long_awaited(model::task_node(task.address));
    if (is_starved(facts, task, 0) && !is_waited_for) starved[*task.cpu].push_back(&task);
  }
  std::vector<Finding> findings;
  for (auto& [cpu, tasks] : starved) {
    const auto longest =
        std::ranges::max_element(tasks, {}, [&](const model::Task* task) { return facts.waits.queued_time(*task); });
    Finding finding;
    finding.confidence = Certainty::kLikely;
    end_at_starved(facts, **longest, finding, tasks.size() - 1);
    for (const model::Task* task : tasks) {
      if (task != *longest) finding.victim_tasks.push_back(task->address);
    }
    add_victims(facts, finding);
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace whyhung::diagnose
