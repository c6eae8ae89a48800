// SPDX-License-Identifier: GPL-2.0-or-later
// Who can still act. Every task, CPU and resource has a need: a conjunction of disjunctions over others. What the
// snapshot does not know is kept unknown, and the question is answered twice: hopefully (everything unknown can act)
// and warily (nothing unknown can). Stuck is only who cannot act even in the hopeful reading; able, who can in the wary
// one. Taking a fact away can turn either into unknown, and never one into the other. See docs/evidence.md.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "diagnose/cpu_condition.h"
#include "diagnose/wait_index.h"
#include "model/index.h"

namespace whyhung::diagnose {

enum class Ability : std::uint8_t {
  kStuck,    // nothing in the snapshot, known or unknown, can free it
  kUnknown,  // it depends on what the snapshot does not say
  kAble,     // it goes on by itself, or by others that do
};

class Blame {
 public:
  Blame(const model::Index& index, const WaitIndex& waits, const std::vector<CpuCondition>& cpus);

  // Of a task: whether it goes on. Of a CPU: whether it lets other tasks run. Of a resource: whether those who wait for
  // it will get it. kUnknown for what the snapshot does not have.
  Ability of(model::NodeId node) const;
  // The tasks and CPUs that would be able, warily, if `roots` were; without the roots, and without those who are
  // anyway.
  std::set<model::NodeId> freed_by(std::span<const model::NodeId> roots) const;

 private:
  using Index = std::uint32_t;
  // What an alternative rests on: another agent, or a constant.
  static constexpr Index kAlways = ~Index{0};
  static constexpr Index kPerhaps = ~Index{0} - 1;  // unknown: yes in the hopeful reading, no in the wary one
  using Alternatives = std::vector<Index>;          // one of them suffices; none: it never comes

  struct Clause {
    Index owner = 0;
    Alternatives alternatives;
  };
  // An interrupt is taken by a CPU that lets no task run, so both are asked of a CPU apart.
  enum class Agent : std::uint8_t { kTask, kCpuSchedules, kCpuAnswers, kResource };

  Index agent(Agent kind, std::uint64_t id);
  // The agent that there is; kPerhaps for one that the snapshot does not have.
  Index known(Agent kind, std::uint64_t id) const;
  void need(Index owner, Alternatives alternatives);
  void add_cpu(const CpuCondition& condition);
  void add_running_task(const model::Task& task, const CpuCondition& condition);
  void add_task(const model::Task& task);
  void add_resource(const model::Resource& resource);
  Index holder(const model::Resource& resource, const model::Holder& holder);
  // What the code that a CPU runs needs to go on.
  Alternatives progress(const CpuCondition& condition);
  void link();
  std::vector<bool> reach(bool hopeful, const std::vector<Index>& given) const;

  const model::Index& index_;
  const WaitIndex& waits_;
  std::unordered_map<std::uint64_t, Index> agents_[4];
  std::vector<model::NodeId> nodes_;  // by agent; interrupts of a CPU share its node
  std::vector<bool> shown_;           // false: a CPU's interrupts
  std::vector<Clause> clauses_;
  std::vector<std::vector<std::uint32_t>> mentioned_in_;  // by agent: the clauses that it can meet
  std::unordered_map<std::uint64_t, const CpuCondition*> running_;
  std::vector<bool> hopeful_;
  std::vector<bool> wary_;
};

}  // namespace whyhung::diagnose
