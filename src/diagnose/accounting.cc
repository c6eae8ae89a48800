// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnose/accounting.h"

#include <algorithm>
#include <set>

namespace whyhung::diagnose {
namespace {

// A task in the middle of being made: it has no state of a sleeper's yet, and has never had a CPU.
bool is_new(const model::Task& task) {
  return task.state == model::TaskState::kUnknown && task.last_arrival == 0u;
}

TaskBucket bucket_of(const model::Task& task, bool runs, bool has_wait) {
  if (runs) return TaskBucket::kRunning;
  if (is_new(task)) return TaskBucket::kWaitsForCpu;
  if (has_wait) return TaskBucket::kExplainedWait;
  if (task.frozen) return TaskBucket::kStopped;
  switch (task.state) {
    // An idle task that does not run waits for nothing: its CPU has work.
    case model::TaskState::kRunning: return task.is_idle_task ? TaskBucket::kNormalSleep : TaskBucket::kWaitsForCpu;
    case model::TaskState::kInterruptible:
    case model::TaskState::kIdle:
    case model::TaskState::kParked: return TaskBucket::kNormalSleep;
    case model::TaskState::kStopped:
    case model::TaskState::kTraced: return TaskBucket::kStopped;
    case model::TaskState::kZombie:
    case model::TaskState::kDead: return TaskBucket::kExited;
    case model::TaskState::kUninterruptible:
    case model::TaskState::kUnknown: return TaskBucket::kUnexplained;
  }
  return TaskBucket::kUnexplained;
}

CpuBucket bucket_of(const CpuCondition& condition, const std::set<std::uint32_t>& guilty,
                    const std::set<std::uint32_t>& victims) {
  if (guilty.contains(condition.cpu->number)) return CpuBucket::kCulprit;
  if (victims.contains(condition.cpu->number)) return CpuBucket::kVictim;
  switch (condition.doing) {
    case CpuDoing::kIdle: return CpuBucket::kIdle;
    case CpuDoing::kOffline: return CpuBucket::kOffline;
    case CpuDoing::kUserMode:
    case CpuDoing::kServesDump:
    case CpuDoing::kKernelCode: return CpuBucket::kWorking;
    case CpuDoing::kWaitsForCpu:
    case CpuDoing::kUnknown: return CpuBucket::kUnknown;
  }
  return CpuBucket::kUnknown;
}

}  // namespace

Accounting account(const Case& facts, const std::vector<Finding>& findings) {
  Accounting accounting;
  for (const auto& row : words_of(TaskBucket{})) accounting.tasks[row.value] = 0;
  for (const auto& row : words_of(CpuBucket{})) accounting.cpus[row.value] = 0;
  std::set<std::uint64_t> running;
  for (const model::Cpu& cpu : facts.snapshot.cpus) running.insert(cpu.task);
  std::set<std::uint64_t> waiting;
  for (const model::Wait& wait : facts.snapshot.waits) {
    if (wait.waiter.kind == model::NodeKind::kTask) waiting.insert(wait.waiter.id);
  }
  std::set<std::uint64_t> accused;
  for (const Finding& finding : findings) {
    for (const Culprit& culprit : finding.culprits) accused.insert(culprit.task);
  }
  const std::uint64_t now = facts.snapshot.machine.clock.value_or(0);
  for (const model::Task& task : facts.snapshot.tasks) {
    TaskBucket bucket = bucket_of(task, running.contains(task.address), waiting.contains(task.address));
    // What a culprit sleeps in is said by its finding.
    if (bucket == TaskBucket::kUnexplained && accused.contains(task.address)) bucket = TaskBucket::kExplainedWait;
    ++accounting.tasks[bucket];
    accounting.task_buckets.push_back(bucket);
    if (bucket != TaskBucket::kUnexplained) continue;
    std::optional<std::uint64_t> since;
    if (task.last_arrival.value_or(0) != 0 && now > *task.last_arrival) since = now - *task.last_arrival;
    accounting.unexplained.push_back({task.address, since});
  }
  std::ranges::stable_sort(accounting.unexplained, [](const Unexplained& a, const Unexplained& b) {
    return a.since.value_or(0) > b.since.value_or(0);
  });
  std::set<std::uint32_t> guilty;
  std::set<std::uint32_t> victims;
  for (const Finding& finding : findings) {
    for (const Culprit& culprit : finding.culprits) {
      if (culprit.cpu && culprit.occupies_cpu) guilty.insert(*culprit.cpu);
    }
    victims.insert(finding.victim_cpus.begin(), finding.victim_cpus.end());
  }
  for (const CpuCondition& condition : facts.cpus) {
    const CpuBucket bucket = bucket_of(condition, guilty, victims);
    accounting.cpu_buckets.push_back(bucket);
    ++accounting.cpus[bucket];
  }
  return accounting;
}

}  // namespace whyhung::diagnose
