// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnose/killed_holder.h"

#include <algorithm>

namespace whyhung::diagnose {
namespace {

// The task that ran into it is no more.
bool has_ended(const Case& facts, const model::Incident& incident) {
  return incident.pid && std::ranges::none_of(facts.index.tasks_with_pid(*incident.pid), [&](const model::Task* task) {
           const bool has_gone = task->state == model::TaskState::kZombie || task->state == model::TaskState::kDead;
           return !has_gone && (incident.comm.empty() || task->comm == incident.comm);
         });
}

// The task_struct that the lock names as its owner belongs to one who came after the Oops.
bool is_heir(const Case& facts, const model::Holder& holder, const model::Incident& incident) {
  const model::Task* heir = facts.waits.task(holder.who);
  return heir == nullptr || heir->start_time.value_or(0) > incident.time;
}

}  // namespace

const model::Incident* killed_holder(const Case& facts, const model::Resource& lock) {
  if (!model::is_lock(lock.kind) || is_user_lock(lock)) return nullptr;
  const auto& oldest = facts.waits.oldest_waits();
  const auto wait = oldest.find(model::resource_node(lock.address));
  if (wait == oldest.end() || !wait->second->since) return nullptr;
  const model::Incident* first = nullptr;
  const auto consider = [&](const model::Incident* incident) {
    const bool fits = incident->time < *wait->second->since && has_ended(facts, *incident);
    if (fits && (first == nullptr || incident < first)) first = incident;
  };
  for (const model::Incident* incident : facts.index.oopses_with(lock.address)) consider(incident);
  for (const model::Holder& holder : lock.holders) {
    for (const model::Incident* incident : facts.index.oopses_with(holder.who.id)) {
      if (is_heir(facts, holder, *incident)) consider(incident);
    }
  }
  return first;
}

std::vector<Finding> detect_killed_holder(const Case& facts) {
  std::vector<Finding> findings;
  for (const auto& [node, wait] : facts.waits.oldest_waits()) {
    const model::Resource& lock = *facts.waits.resource(node);
    const model::Incident* incident = killed_holder(facts, lock);
    if (incident == nullptr || facts.waits.age(*wait).value_or(0) < kLasting) continue;
    Finding finding;
    finding.hang_class = HangClass::kLockHeldByExitedTask;
    finding.confidence = model::Certainty::kLikely;
    finding.chain.push_back(facts.waits.waits_link(*wait));
    KilledFacts words{*incident->pid, incident->comm, {incident->function, incident->module}, incident->time};
    Link killed{Claim::kHolderKilled, {node}, std::move(words), model::Certainty::kLikely, lock.evidence};
    killed.evidence.push_back({model::EvidenceKind::kLog, incident->text, lock.address, "in its registers"});
    finding.chain.push_back(std::move(killed));
    Culprit culprit;
    culprit.pid = *incident->pid;
    culprit.comm = incident->comm;
    culprit.cpu = incident->cpu;
    culprit.occupies_cpu = false;
    culprit.function = incident->function;
    culprit.module = incident->module;
    finding.culprits.push_back(std::move(culprit));
    finding.advice.push_back(Advice::kMendCrash);
    add_blocked_by(facts, node, finding);
    findings.push_back(std::move(finding));
  }
  return findings;
}

// The task that the kernel saw scheduling with a spinlock held, if it still sleeps since then.
const model::Task* still_asleep(const Case& facts, const model::Incident& incident) {
  constexpr std::uint64_t kSkew = 2'000'000'000;  // ns: the log's clock and the scheduler's
  if (incident.kind != model::IncidentKind::kAtomicSleep || !incident.pid) return nullptr;
  const auto tasks = facts.index.tasks_with_pid(*incident.pid);
  const auto found = std::ranges::find_if(
      tasks, [&](const model::Task* task) { return task->comm == incident.comm && !task->is_idle_task; });
  if (found == tasks.end() || (*found)->on_cpu || (*found)->is_runnable()) return nullptr;
  return (*found)->last_arrival && *(*found)->last_arrival < incident.time + kSkew ? *found : nullptr;
}

std::vector<Finding> detect_atomic_sleeper(const Case& facts) {
  const auto spins = [&](const CpuCondition& condition) {
    const model::Wait* wait = facts.waits.wait_of(model::cpu_node(condition.cpu->number));
    const model::Resource* resource = wait == nullptr ? nullptr : facts.waits.resource(wait->on);
    return resource != nullptr && resource->kind == model::ResourceKind::kSpinlock && stands_long(condition);
  };
  if (std::ranges::none_of(facts.cpus, spins)) return {};
  std::vector<Finding> findings;
  for (const model::Incident& incident : facts.snapshot.incidents) {
    const model::Task* task = still_asleep(facts, incident);
    if (task == nullptr) continue;
    Finding finding;
    finding.hang_class = HangClass::kLockHeldBySleeper;
    finding.confidence = model::Certainty::kLikely;
    for (const CpuCondition& condition : facts.cpus) {
      if (!spins(condition)) continue;
      const model::Wait& wait = *facts.waits.wait_of(model::cpu_node(condition.cpu->number));
      finding.chain.push_back({Claim::kCpuSpins,
                               {wait.waiter, model::task_node(condition.cpu->task), wait.on},
                               WaitFacts{wait.how, condition.unwatched},
                               wait.certainty,
                               wait.evidence});
      finding.victim_cpus.push_back(condition.cpu->number);
      add_blocked_by(facts, wait.on, finding);
    }
    Link slept = facts.waits.rests_link(Claim::kSleptAtomically, *task);
    slept.certainty = model::Certainty::kLikely;
    slept.evidence.push_back({model::EvidenceKind::kLog, incident.text, {}, {}});
    finding.chain.push_back(std::move(slept));
    finding.culprits.push_back(facts.waits.sleeping_culprit(*task));
    finding.advice.push_back(Advice::kDontSleepWithLock);
    add_victims(facts, finding);
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace whyhung::diagnose
