// SPDX-License-Identifier: GPL-2.0-or-later
// spinlock-deadlock: CPUs that spin for ever because whoever could hold their locks spins too. Few spinlocks name their
// holder; but it has preemption disabled and is on a CPU. So where every CPU that could hold anything is one that spins
// itself, the circle is closed, whoever holds which.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "diagnose/detector.h"

namespace whyhung::diagnose {
namespace {

using model::Certainty;

struct Spinner {
  const CpuCondition* condition = nullptr;
  const model::Wait* wait = nullptr;
  std::uint32_t held = 0;  // spinlocks, or other reasons not to be preempted, besides the one that it spins for
  bool is_counted = true;  // false: a kernel that does not count; then `held` is what it may hold
};

// Could the CPU hold a spinlock? Where the kernel does not count, any that runs kernel code could.
bool may_hold(const CpuCondition& condition) {
  if (condition.doing == CpuDoing::kIdle || condition.doing == CpuDoing::kUserMode ||
      condition.doing == CpuDoing::kOffline) {
    return false;
  }
  return condition.cpu->activity_preempt_depth.value_or(1) != 0;
}

// Locks that name this CPU as their holder, among those that somebody spins for.
std::uint32_t locks_held_by(const Case& facts, model::NodeId cpu) {
  const auto is_spinlock = [](const model::Resource* one) { return one->kind == model::ResourceKind::kSpinlock; };
  return static_cast<std::uint32_t>(std::ranges::count_if(facts.index.held_by(cpu), is_spinlock));
}

Culprit spinning_culprit(const Case& facts, const Spinner& spinner) {
  Culprit culprit = culprit_on(facts.snapshot, *spinner.condition);
  const model::Cpu& cpu = *spinner.condition->cpu;
  if (!cpu.activity) return culprit;
  // Not the lock's own code, but who called it.
  for (std::uint32_t frame = cpu.contexts[*cpu.activity].first_frame; frame < cpu.stack.frames.size(); ++frame) {
    const model::CodeLocation& location = facts.snapshot.location(cpu.stack.frames[frame]);
    const bool is_lock_code =
        location.meanings.has(names::Meaning::kSpinsForLock) || location.meanings.has(names::Meaning::kSpinLockCode);
    if (is_lock_code || location.function.empty()) continue;
    stands_at(culprit, facts.snapshot, cpu.stack.frames[frame]);
    break;
  }
  return culprit;
}

void add_links(const Spinner& spinner, Finding& finding) {
  const model::Cpu& cpu = *spinner.condition->cpu;
  Link spins{Claim::kCpuSpins,
             {spinner.wait->waiter, model::task_node(cpu.task), spinner.wait->on},
             WaitFacts{spinner.wait->how, spinner.condition->unwatched},
             spinner.wait->certainty,
             spinner.wait->evidence};
  finding.chain.push_back(std::move(spins));
  if (spinner.held == 0 || !spinner.is_counted) return;
  Link holds{Claim::kCpuHoldsSpinlocks, {spinner.wait->waiter}, DepthFacts{spinner.held}, Certainty::kLikely, {}};
  if (cpu.preempt_count) {
    holds.evidence.push_back({model::EvidenceKind::kField,
                              fmt::format("preempt count of CPU {}", cpu.number),
                              {},
                              fmt::format("{:#x}", *cpu.preempt_count)});
  }
  finding.chain.push_back(std::move(holds));
}

std::uint32_t held_by(const std::vector<Spinner>& spinners) {
  std::uint32_t count = 0;
  for (const Spinner& one : spinners) count += one.held;
  return count;
}

std::size_t contended_by(const std::vector<Spinner>& spinners) {
  std::set<model::NodeId> locks;
  for (const Spinner& one : spinners) locks.insert(one.wait->on);
  return locks.size();
}

// More locks are spun for than all CPUs together hold: one at least is held by nobody who is on a CPU. Whoever took it
// has gone, or sleeps, and who that was no spinlock says.
Finding leaked(const Case& facts, const std::vector<Spinner>& spinners) {
  Finding finding;
  finding.hang_class = HangClass::kLockLeaked;
  finding.confidence = Certainty::kLikely;
  finding.advice.push_back(Advice::kReleaseLock);
  Link nobody{Claim::kNobodyHolds, {}, DepthFacts{held_by(spinners)}, Certainty::kLikely, {}};
  for (const Spinner& spinner : spinners) {
    add_links(spinner, finding);
    finding.victim_cpus.push_back(spinner.condition->cpu->number);
    if (std::ranges::find(nobody.nodes, spinner.wait->on) == nobody.nodes.end())
      nobody.nodes.push_back(spinner.wait->on);
    add_blocked_by(facts, spinner.wait->on, finding);
  }
  finding.chain.push_back(std::move(nobody));
  return finding;
}

}  // namespace

std::vector<Finding> detect_spinlock_deadlock(const Case& facts) {
  std::vector<Spinner> spinners;
  bool somebody_else = false;
  for (const CpuCondition& condition : facts.cpus) {
    const model::Wait* wait = facts.waits.wait_of(model::cpu_node(condition.cpu->number));
    const model::Resource* resource = wait == nullptr ? nullptr : facts.waits.resource(wait->on);
    const bool spins = resource != nullptr && resource->kind == model::ResourceKind::kSpinlock;
    if (spins && stands_long(condition)) {
      const std::uint32_t depth = condition.cpu->activity_preempt_depth.value_or(1);
      const std::uint32_t named = locks_held_by(facts, wait->waiter);
      const bool is_counted = condition.cpu->activity_preempt_depth || !condition.cpu->preempt_count;
      const std::uint32_t held = is_counted ? (depth == 0 ? 0 : depth - 1) : 1;
      spinners.push_back({&condition, wait, std::max(named, held), is_counted});
    } else if (condition.doing != CpuDoing::kServesDump && may_hold(condition)) {
      somebody_else = true;
    }
  }
  if (spinners.empty() || somebody_else) return {};
  // Where nothing is counted each may hold what another spins for. One lock alone may as well have been left locked.
  const bool all_counted = std::ranges::all_of(spinners, &Spinner::is_counted);
  const bool kernel_counts = std::ranges::any_of(
      facts.cpus, [](const CpuCondition& one) { return one.cpu->activity_preempt_depth.value_or(0) != 0; });
  if (!all_counted && (kernel_counts || contended_by(spinners) < 2)) return {};
  if (all_counted && held_by(spinners) < contended_by(spinners)) return {leaked(facts, spinners)};
  Finding finding;
  finding.hang_class = HangClass::kSpinlockDeadlock;
  finding.confidence = Certainty::kLikely;
  finding.advice.push_back(Advice::kOrderSpinlocks);
  Link closes{Claim::kOnlyTheseCouldHold, {}, {}, Certainty::kLikely, {}};
  for (const Spinner& spinner : spinners) {
    add_links(spinner, finding);
    if (spinner.held == 0) {
      finding.victim_cpus.push_back(spinner.condition->cpu->number);
      continue;
    }
    closes.nodes.push_back(spinner.wait->waiter);
    finding.culprits.push_back(spinning_culprit(facts, spinner));
  }
  finding.chain.push_back(std::move(closes));
  add_victims(facts, finding);
  return {finding};
}

}  // namespace whyhung::diagnose
