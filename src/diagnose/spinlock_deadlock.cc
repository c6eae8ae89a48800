// SPDX-License-Identifier: GPL-2.0-or-later
// spinlock-deadlock: CPUs that spin for ever because whoever could hold their locks spins too. Few spinlocks name their
// holder; but it has preemption disabled and is on a CPU. So where the kernel counts who may not be preempted, and
// every CPU that could hold anything is one that spins itself, the circle is closed, whoever holds which. Where it does
// not count, a lock may have been left locked by one who is gone: there a circle is closed only by locks that name
// their holders, or by the code of the spinning CPUs, which has taken those very locks.
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
  bool is_counted = true;  // false: then `held` is what is known otherwise
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

Finding deadlock() {
  Finding finding;
  finding.hang_class = HangClass::kSpinlockDeadlock;
  finding.confidence = Certainty::kLikely;
  finding.advice.push_back(Advice::kOrderSpinlocks);
  return finding;
}

// What the lock, or the holder's own code, says of its holding it; null: nothing.
const model::Holder* holding(const Case& facts, const Spinner& holder, model::NodeId lock) {
  const model::Resource* resource = facts.waits.resource(lock);
  if (resource == nullptr) return nullptr;
  const auto found = std::ranges::find(resource->holders, holder.wait->waiter, &model::Holder::who);
  return found == resource->holders.end() ? nullptr : &*found;
}

// Those of the spinners who hold what others of them want and want what others of them hold, as far as is known.
std::vector<Spinner> closed_circle(const Case& facts, std::vector<Spinner> spinners) {
  for (std::size_t before = spinners.size() + 1; before != spinners.size();) {
    before = spinners.size();
    std::vector<Spinner> left;
    for (const Spinner& one : spinners) {
      const auto has_it = [&](const Spinner& other) { return holding(facts, other, one.wait->on) != nullptr; };
      const auto wants_it = [&](const Spinner& other) { return holding(facts, one, other.wait->on) != nullptr; };
      if (std::ranges::any_of(spinners, has_it) && std::ranges::any_of(spinners, wants_it)) left.push_back(one);
    }
    spinners = std::move(left);
  }
  return spinners;
}

// Where counting does not tell who holds how many: a circle that is closed by who is known to hold which.
std::vector<Finding> by_holders(const Case& facts, const std::vector<Spinner>& spinners) {
  const std::vector<Spinner> circle = closed_circle(facts, spinners);
  if (circle.empty()) return {};
  Finding finding = deadlock();
  for (const Spinner& one : circle) {
    add_links(one, finding);
    finding.culprits.push_back(spinning_culprit(facts, one));
  }
  std::set<model::NodeId> told;
  for (const Spinner& one : circle) {
    if (!told.insert(one.wait->on).second) continue;
    for (const Spinner& other : circle) {
      const model::Holder* holder = holding(facts, other, one.wait->on);
      if (holder != nullptr)
        finding.chain.push_back(facts.waits.held_link(*facts.waits.resource(one.wait->on), *holder));
    }
  }
  for (const Spinner& one : spinners) {
    const std::uint32_t number = one.condition->cpu->number;
    const bool is_culprit = std::ranges::find(finding.culprits, number, &Culprit::cpu) != finding.culprits.end();
    if (!is_culprit && told.contains(one.wait->on)) finding.victim_cpus.push_back(number);
  }
  add_victims(facts, finding);
  return {finding};
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
      const bool is_counted = condition.cpu->activity_preempt_depth.has_value();
      spinners.push_back({&condition, wait, std::max(named, depth == 0 ? 0 : depth - 1), is_counted});
    } else if (condition.doing != CpuDoing::kServesDump && may_hold(condition)) {
      somebody_else = true;
    }
  }
  if (spinners.empty()) return {};
  if (somebody_else || !std::ranges::all_of(spinners, &Spinner::is_counted)) return by_holders(facts, spinners);
  if (held_by(spinners) < contended_by(spinners)) return {leaked(facts, spinners)};
  Finding finding = deadlock();
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
