// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnose/busy_holder.h"

namespace whyhung::diagnose {
namespace {

constexpr std::uint64_t kLastingWork = 30'000'000'000;  // ns: longer than work takes that others wait for

const CpuCondition* running_on(const Case& facts, const model::Task& task) {
  const model::Cpu* cpu = facts.index.cpu_of(task);
  return cpu == nullptr ? nullptr : condition_of(facts, cpu->number);
}

}  // namespace

bool keeps_busy(const Case& facts, const model::Task& task, model::NodeId resource) {
  const CpuCondition* condition = running_on(facts, task);
  // One that waits for its turn has had one not long ago; else its CPU is somebody's, or nobody's.
  const bool takes_turns =
      task.is_runnable() && task.on_runqueue && facts.waits.idle_time(task).value_or(kLasting) < kLasting;
  if (condition == nullptr ? !takes_turns : condition->doing == CpuDoing::kServesDump) return false;
  const auto youngest = facts.waits.youngest_age(resource);
  return youngest && *youngest >= kLastingWork;
}

void end_at_busy(const Case& facts, const model::Task& task, Finding& finding) {
  const CpuCondition* condition = running_on(facts, task);
  finding.culprits = {condition == nullptr ? facts.waits.sleeping_culprit(task)
                                           : task_culprit_on(facts.snapshot, *condition)};
  Link link = facts.waits.rests_link(Claim::kHolderRuns, task);
  facts_in<RestFacts>(link).place = {finding.culprits.front().function, finding.culprits.front().module};
  finding.chain.push_back(std::move(link));
}

}  // namespace whyhung::diagnose
