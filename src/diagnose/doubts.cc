// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnose/doubts.h"

#include <algorithm>
#include <array>

#include "diagnose/movement.h"
#include "model/gap_kinds.h"

namespace whyhung::diagnose {
namespace {

constexpr std::uint64_t kEver = ~std::uint64_t{0};  // of unknown age: as old as may be
constexpr std::uint64_t kLately = 2'000'000'000;    // ns: what went on since then goes on

// Between what every machine has now and then and what no lawful work takes: nobody is accused for so long, and nobody
// cleared.
std::uint64_t doubtful(const model::Machine& machine) {
  constexpr std::uint64_t kDoubtful = 12'000'000'000;  // ns
  return std::min(kDoubtful, patience(machine));
}

// Panics that a detector of hangs asked for (kernel/watchdog.c, kernel/hung_task.c, kernel/rcu/tree_stall.h). The text
// only raises a doubt; no finding rests on it.
bool is_hang_panic(std::string_view message) {
  constexpr auto kWords = std::to_array<std::string_view>(
      {"softlockup", "soft lockup", "hard LOCKUP", "Hard LOCKUP", "hung_task", "RCU Stall", "workqueue lockup"});
  return std::ranges::any_of(kWords,
                             [&](std::string_view word) { return message.find(word) != std::string_view::npos; });
}

// Wakes now and then, and may find what it wants or try once more: it naps, or waits for what nobody here owes it or
// could be read, perhaps with a limit of its own.
bool tries_again(const Case& facts, const model::Task& task) {
  if (sleeps_by_time(facts.snapshot, task) || facts.waits.waits_for_unread(task)) return true;
  const model::Wait* wait = facts.waits.wait_of(model::task_node(task.address));
  const model::Resource* resource = wait == nullptr ? nullptr : facts.waits.resource(wait->on);
  return resource != nullptr && resource->kind == model::ResourceKind::kCompletion && resource->holders.empty();
}

// Whoever touches memory depends on who brings its pages, and no page takes long.
bool is_pager(const model::Resource& resource) {
  const auto* facts = facts_of<model::ServerFacts>(resource);
  return facts != nullptr && facts->kind == model::ServerKind::kUserfault;
}

// What CPUs do for each other is done at once, or something is wrong.
bool is_among_cpus(model::ResourceKind kind) {
  using enum model::ResourceKind;
  return kind == kStopMachine || kind == kStopWork || kind == kIpi;
}

// How long the youngest has waited for the same as `wait`. Where none says so its task does: it began after it last
// ran.
std::optional<std::uint64_t> youngest_of(const Case& facts, const model::Wait& wait, const model::Task* waiter) {
  if (const auto known = facts.waits.youngest_known_age(wait.on)) return known;
  return waiter == nullptr ? std::nullopt : facts.waits.idle_time(*waiter);
}

// Whoever holds what others have wanted for so long, the youngest of them, moves in vain. A lock is kept for moments;
// what else is waited for may take longer while work goes on.
bool serves_nobody_for(const Case& facts, const model::Resource& resource, std::uint64_t youngest) {
  const model::Machine& machine = facts.snapshot.machine;
  return youngest >= (model::is_lock(resource.kind) ? doubtful(machine) : patience(machine));
}

std::vector<UnendingWait> unending_waits(const Case& facts) {
  std::vector<UnendingWait> unending;
  for (const model::Wait& wait : facts.snapshot.waits) {
    const model::Resource* resource = facts.waits.resource(wait.on);
    const model::Task* waiter = facts.waits.task(wait.waiter);
    if (resource == nullptr || is_user_lock(*resource)) continue;
    const bool can_be_disturbed =
        (waiter == nullptr || waiter->state != model::TaskState::kUninterruptible) && !is_among_cpus(resource->kind);
    if (can_be_disturbed && !is_pager(*resource)) continue;
    const auto* completion = completion_of(*resource);
    if (completion != nullptr && completion->ends_by_itself) continue;
    const bool has_holder =
        !resource->holders.empty() && resource->holders.front().certainty == model::Certainty::kCertain;
    const auto youngest = youngest_of(facts, wait, waiter);
    // Of what nobody is known to hold, one that has come just now shows that others before it were served.
    if (!has_holder && youngest && *youngest < doubtful(facts.snapshot.machine)) continue;
    // A holder that naps and wakes, or runs on and on, moves, and yet serves nobody.
    const model::Task* holder = has_holder ? facts.waits.end_of_chain(wait) : nullptr;
    const bool moves = holder != nullptr && (holder->on_cpu || tries_again(facts, *holder));
    const bool serves_nobody = moves && serves_nobody_for(facts, *resource, youngest.value_or(0));
    if (!serves_nobody && facts.blame.of(wait.waiter) == Ability::kAble) continue;
    const auto stands = serves_nobody ? facts.waits.age(wait) : standing_time(facts, wait);
    if (stands.value_or(is_among_cpus(resource->kind) ? 0 : kEver) < doubtful(facts.snapshot.machine)) continue;
    unending.push_back({wait.waiter.id, wait.on.id, stands.value_or(0)});
  }
  std::ranges::stable_sort(unending, std::ranges::greater(), &UnendingWait::age);
  return unending;
}

// Whether a task has slept for long and cannot be disturbed.
bool stands(const Case& facts, const model::Task& task) {
  return task.state == model::TaskState::kUninterruptible && !task.is_idle_task &&
         facts.waits.idle_time(task).value_or(kEver) >= doubtful(facts.snapshot.machine);
}

// Who has stood for long waiting for others of whom nothing tells who they are.
std::vector<UnlistedWait> waiting_for_unlisted(const Case& facts) {
  std::vector<UnlistedWait> tasks;
  for (const model::Task& task : facts.snapshot.tasks) {
    if (!stands(facts, task)) continue;
    const model::CodeLocation* place = waits_for_unlisted(facts.snapshot, task);
    if (place != nullptr) tasks.push_back({task.address, place->function});
  }
  return tasks;
}

std::vector<UnlistedWait> sleeping_for_unread(const Case& facts) {
  std::vector<UnlistedWait> tasks;
  for (const model::Task& task : facts.snapshot.tasks) {
    if (!stands(facts, task) || !facts.waits.waits_for_unread(task)) continue;
    const model::CodeLocation* place = facts.waits.unread_wait_of(task);
    tasks.push_back({task.address, place == nullptr ? "" : place->function});
  }
  return tasks;
}

// Missing tasks or CPUs may be those that hang, and without their names functions say nothing. What else is missing
// leaves a task or a CPU without an explanation.
bool could_hide_hang(const Gap& gap) {
  const auto kind = model::kind_of(gap);
  return kind == model::GapKind::kTasks || kind == model::GapKind::kCpus || gap.what == model::kGapSymbols;
}

}  // namespace

// A CPU of which no registers are known went from task to task just now, by a clock that another CPU confirms: as all
// do of a machine that runs on while its memory is read.
bool went_on_lately(const Case& facts, const CpuCondition& condition) {
  const auto is_current = [](const CpuCondition& one) { return one.clock_behind.value_or(kLately) < kLately; };
  if (condition.task == nullptr || !is_current(condition)) return false;
  if (facts.waits.idle_time(*condition.task).value_or(kLately) >= kLately) return false;
  return std::ranges::any_of(facts.cpus, [&](const CpuCondition& other) {
    return other.doing != CpuDoing::kUnknown && other.doing != CpuDoing::kOffline && !other.deaf && is_current(other);
  });
}

// What nobody accuses for want of a witness: a CPU whose watchdog says nothing and that has gone round in a loop, or
// waited for another CPU, for longer than any should.
bool stands_unwatched(const Case& facts, const CpuCondition& condition) {
  const bool turns = condition.doing == CpuDoing::kWaitsForCpu || condition.cpu->loop.has_value();
  if (!turns || condition.unwatched || condition.preemptible || condition.task == nullptr) return false;
  return facts.waits.idle_time(*condition.task).value_or(0) >= doubtful(facts.snapshot.machine);
}

void collect_doubts(const Case& facts, Diagnosis& diagnosis) {
  const auto doubt = [&](Doubt kind) { diagnosis.doubts.push_back(kind); };
  const bool is_partial = std::ranges::any_of(facts.snapshot.gaps, could_hide_hang);
  if (facts.snapshot.cpus.empty() || facts.snapshot.tasks.empty() || is_partial) doubt(Doubt::kNothingReadable);
  for (const CpuCondition& condition : facts.cpus) {
    const bool is_unknown = condition.doing == CpuDoing::kUnknown && !went_on_lately(facts, condition);
    if (is_unknown) diagnosis.unknown_cpus.push_back(condition.cpu->number);
  }
  if (!diagnosis.unknown_cpus.empty()) doubt(Doubt::kCpusUnknown);
  bool stuck = false;
  bool waits = false;
  for (const CpuCondition& condition : facts.cpus) {
    const bool busy = condition.doing == CpuDoing::kKernelCode || condition.doing == CpuDoing::kWaitsForCpu ||
                      condition.doing == CpuDoing::kUnknown;
    const bool is_stuck = busy && (condition.lockup || condition.ticks_stopped || stands_unwatched(facts, condition));
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
  diagnosis.unlisted = waiting_for_unlisted(facts);
  if (!diagnosis.unlisted.empty()) doubt(Doubt::kOthersUnlisted);
  if (!facts.snapshot.machine.clock && !facts.snapshot.tasks.empty()) doubt(Doubt::kNoClock);
  diagnosis.unread = sleeping_for_unread(facts);
  if (!diagnosis.unread.empty()) doubt(Doubt::kWaitsUnread);
  auto& unexplained = diagnosis.accounting.unexplained;
  const auto matters = [&](const Unexplained& one) {
    const model::Task* task = facts.index.task(one.task);
    if (task == nullptr || sleeps_by_time(facts.snapshot, *task)) return false;
    if (facts.waits.waits_for_unread(*task)) return false;
    const std::uint64_t limit = doubtful(facts.snapshot.machine);
    return one.since.value_or(limit) >= limit;
  };
  if (std::ranges::any_of(unexplained, matters)) doubt(Doubt::kTasksUnexplained);
}

}  // namespace whyhung::diagnose
