// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnose/blame.h"

#include <algorithm>

#include "diagnose/movement.h"

namespace whyhung::diagnose {
namespace {

using model::Certainty;
using model::NodeId;
using model::NodeKind;
using model::ResourceKind;
using model::TaskState;

constexpr std::uint64_t kLately = 2'000'000'000;  // ns: who ran since then was not stuck before

bool is_real_time(const model::Task& task) {
  return task.priority && *task.priority < 100;
}

// Everybody must do his part.
bool needs_all(ResourceKind kind) {
  return kind == ResourceKind::kStopMachine || kind == ResourceKind::kStopWork || kind == ResourceKind::kIpi ||
         kind == ResourceKind::kRcuGracePeriod;
}
// One suffices.
bool needs_any(ResourceKind kind) {
  return kind == ResourceKind::kWorkItem || kind == ResourceKind::kWorkPool;
}

}  // namespace

Blame::Blame(const model::Index& index, const WaitIndex& waits, const std::vector<CpuCondition>& cpus)
    : index_(index), waits_(waits) {
  const model::Snapshot& snapshot = index.snapshot();
  for (const CpuCondition& condition : cpus) {
    if (condition.cpu->task != 0) running_.emplace(condition.cpu->task, &condition);
  }
  // Each is given its agent first, so that a need names only who is there.
  for (const model::Task& task : snapshot.tasks) agent(Agent::kTask, task.address);
  for (const CpuCondition& condition : cpus) {
    agent(Agent::kCpuSchedules, condition.cpu->number);
    agent(Agent::kCpuAnswers, condition.cpu->number);
  }
  for (const model::Resource& resource : snapshot.resources) agent(Agent::kResource, resource.address);
  for (const CpuCondition& condition : cpus) add_cpu(condition);
  for (const model::Task& task : snapshot.tasks) add_task(task);
  for (const model::Resource& resource : snapshot.resources) add_resource(resource);
  link();
  hopeful_ = reach(true, {});
  wary_ = reach(false, {});
}

Blame::Index Blame::agent(Agent kind, std::uint64_t id) {
  const auto next = static_cast<Index>(nodes_.size());
  const auto [entry, is_new] = agents_[static_cast<std::size_t>(kind)].try_emplace(id, next);
  if (is_new) {
    const NodeKind node = kind == Agent::kTask       ? NodeKind::kTask
                          : kind == Agent::kResource ? NodeKind::kResource
                                                     : NodeKind::kCpu;
    nodes_.push_back({node, id});
    shown_.push_back(kind != Agent::kCpuAnswers);
  }
  return entry->second;
}

Blame::Index Blame::known(Agent kind, std::uint64_t id) const {
  const auto& agents = agents_[static_cast<std::size_t>(kind)];
  const auto found = agents.find(id);
  return found == agents.end() ? kPerhaps : found->second;
}

void Blame::need(Index owner, Alternatives alternatives) {
  clauses_.push_back({owner, std::move(alternatives)});
}

Blame::Alternatives Blame::progress(const CpuCondition& condition) {
  if (const model::Wait* wait = waits_.wait_of(model::cpu_node(condition.cpu->number))) {
    return {waits_.resource(wait->on) == nullptr ? kPerhaps : agent(Agent::kResource, wait->on.id)};
  }
  switch (condition.doing) {
    case CpuDoing::kIdle:
    case CpuDoing::kUserMode:
    case CpuDoing::kServesDump: return {condition.not_run ? kPerhaps : kAlways};
    case CpuDoing::kKernelCode:
      if (condition.endless_loop) return {};
      return {stands_long(condition) || condition.held.value_or(kLasting) >= kLasting ? kPerhaps : kAlways};
    case CpuDoing::kOffline:
    case CpuDoing::kWaitsForCpu:
    case CpuDoing::kUnknown: return {kPerhaps};
  }
  return {kPerhaps};
}

void Blame::add_cpu(const CpuCondition& condition) {
  const std::uint32_t number = condition.cpu->number;
  const Index schedules = agent(Agent::kCpuSchedules, number);
  const bool keeps_rank = condition.doing == CpuDoing::kUserMode && condition.task != nullptr &&
                          is_real_time(*condition.task) && condition.held.value_or(0) >= kLately;
  if (condition.preemptible && !condition.not_run) {
    need(schedules, {kAlways});
  } else if (keeps_rank) {
    need(schedules, {kPerhaps});
  } else {
    need(schedules, progress(condition));
  }
  const Index answers = agent(Agent::kCpuAnswers, number);
  if (condition.cpu->interrupts_enabled.value_or(condition.doing == CpuDoing::kIdle) && !condition.not_run) {
    need(answers, {kAlways});
  } else if (condition.cpu->interrupts_enabled == false) {
    need(answers, progress(condition));
  } else {
    need(answers, {kPerhaps});
  }
}

void Blame::add_running_task(const model::Task& task, const CpuCondition& condition) {
  need(agent(Agent::kTask, task.address), progress(condition));
}

void Blame::add_task(const model::Task& task) {
  const Index self = agent(Agent::kTask, task.address);
  if (task.is_idle_task) return;
  if (task.state == TaskState::kZombie || task.state == TaskState::kDead) return need(self, {});
  if (const auto runs = running_.find(task.address); runs != running_.end()) {
    return add_running_task(task, *runs->second);
  }
  if (task.is_halted()) return need(self, {kPerhaps});
  if (task.queues_for_cpu()) {
    if (task.throttle || !task.cpu) return need(self, {kPerhaps});
    Alternatives alternatives = {known(Agent::kCpuSchedules, *task.cpu)};
    // One that has just come to this queue may yet be taken to another CPU's.
    if (waits_.queued_time(task) < kLately) alternatives.push_back(kPerhaps);
    need(self, std::move(alternatives));
    // One that was passed over for so long may be so on.
    if (waits_.queued_time(task) >= patience(index_.snapshot().machine)) need(self, {kPerhaps});
    return;
  }
  if (const model::Wait* wait = waits_.wait_of(model::task_node(task.address))) {
    const bool is_known = waits_.resource(wait->on) != nullptr;
    return need(self, {is_known && !task.is_runnable() ? agent(Agent::kResource, wait->on.id) : kPerhaps});
  }
  const bool moved = waits_.idle_time(task).value_or(kLasting) < kLately;
  need(self, {moved || sleeps_by_time(index_.snapshot(), task) ? kAlways : kPerhaps});
}

Blame::Index Blame::holder(const model::Resource& resource, const model::Holder& holder) {
  const std::uint64_t id = holder.who.id;
  switch (holder.who.kind) {
    case NodeKind::kTask: return known(Agent::kTask, id);
    case NodeKind::kResource: return known(Agent::kResource, id);
    case NodeKind::kCpu: break;
  }
  if (resource.kind == ResourceKind::kIpi) return known(Agent::kCpuAnswers, id);
  if (resource.kind != ResourceKind::kSpinlock) return known(Agent::kCpuSchedules, id);
  const model::Cpu* cpu = index_.cpu(static_cast<std::uint32_t>(id));
  return cpu != nullptr ? known(Agent::kTask, cpu->task) : kPerhaps;
}

void Blame::add_resource(const model::Resource& resource) {
  const Index self = agent(Agent::kResource, resource.address);
  if (resource.holders.empty()) return need(self, {kPerhaps});
  if (needs_all(resource.kind)) {
    for (const model::Holder& one : resource.holders) need(self, {holder(resource, one)});
    return;
  }
  if (needs_any(resource.kind)) {
    // Any worker that becomes free takes the work on.
    Alternatives alternatives;
    for (const model::Holder& one : resource.holders) alternatives.push_back(holder(resource, one));
    return need(self, std::move(alternatives));
  }
  for (const model::Holder& one : resource.holders) {
    // Who only may be the holder neither frees it nor keeps it: then it is not known who does.
    const bool is_hint = one.certainty != Certainty::kCertain || is_user_lock(resource);
    need(self, {is_hint ? kPerhaps : holder(resource, one)});
  }
  // One that moves but has served nobody for long, as far as those who wait can tell, need not come to release it.
  if (is_lock(resource.kind) &&
      waits_.youngest_age(model::resource_node(resource.address)).value_or(0) >= patience(index_.snapshot().machine)) {
    need(self, {kPerhaps});
  }
}

void Blame::link() {
  mentioned_in_.resize(nodes_.size());
  for (std::uint32_t clause = 0; clause < clauses_.size(); ++clause) {
    for (const Index one : clauses_[clause].alternatives) {
      if (one < nodes_.size()) mentioned_in_[one].push_back(clause);
    }
  }
}

std::vector<bool> Blame::reach(bool hopeful, const std::vector<Index>& given) const {
  std::vector<bool> able(nodes_.size(), false);
  std::vector<bool> met(clauses_.size(), false);
  std::vector<std::uint32_t> unmet(nodes_.size(), 0);
  for (const Clause& clause : clauses_) ++unmet[clause.owner];
  std::vector<Index> pending;
  const auto grant = [&](Index one) {
    if (able[one]) return;
    able[one] = true;
    pending.push_back(one);
  };
  const auto meet = [&](std::uint32_t clause) {
    if (met[clause]) return;
    met[clause] = true;
    if (--unmet[clauses_[clause].owner] == 0) grant(clauses_[clause].owner);
  };
  for (std::uint32_t clause = 0; clause < clauses_.size(); ++clause) {
    const auto holds = [&](Index one) { return one == kAlways || (hopeful && one == kPerhaps); };
    if (std::ranges::any_of(clauses_[clause].alternatives, holds)) meet(clause);
  }
  for (Index one = 0; one < nodes_.size(); ++one) {
    if (unmet[one] == 0) grant(one);
  }
  for (const Index one : given) grant(one);
  while (!pending.empty()) {
    const Index one = pending.back();
    pending.pop_back();
    for (const std::uint32_t clause : mentioned_in_[one]) meet(clause);
  }
  return able;
}

Ability Blame::of(NodeId node) const {
  const auto kind = node.kind == NodeKind::kTask       ? Agent::kTask
                    : node.kind == NodeKind::kResource ? Agent::kResource
                                                       : Agent::kCpuSchedules;
  const Index found = known(kind, node.id);
  if (found == kPerhaps) return Ability::kUnknown;
  if (wary_[found]) return Ability::kAble;
  return hopeful_[found] ? Ability::kUnknown : Ability::kStuck;
}

std::set<NodeId> Blame::freed_by(std::span<const NodeId> roots) const {
  std::vector<Index> given;
  const auto give = [&](Agent kind, std::uint64_t id) {
    if (const Index one = known(kind, id); one != kPerhaps) given.push_back(one);
  };
  for (const NodeId root : roots) {
    switch (root.kind) {
      case NodeKind::kTask: give(Agent::kTask, root.id); break;
      case NodeKind::kResource: give(Agent::kResource, root.id); break;
      case NodeKind::kCpu:
        give(Agent::kCpuSchedules, root.id);
        give(Agent::kCpuAnswers, root.id);
        break;
    }
  }
  const std::vector<bool> with = reach(false, given);
  std::set<NodeId> freed;
  for (Index one = 0; one < nodes_.size(); ++one) {
    const bool is_root = std::ranges::find(roots, nodes_[one]) != roots.end();
    if (shown_[one] && with[one] && !wary_[one] && !is_root && nodes_[one].kind != NodeKind::kResource) {
      freed.insert(nodes_[one]);
    }
  }
  return freed;
}

}  // namespace whyhung::diagnose
