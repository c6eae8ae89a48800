// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/victims.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "report/brief.h"
#include "report/links.h"
#include "report/marks.h"
#include "report/words.h"

namespace whyhung::report {
namespace {

using diagnose::Finding;
using model::Index;

constexpr std::size_t kMostNamed = 3;

std::optional<std::uint64_t> since(const model::Machine& machine, const std::optional<std::uint64_t>& when) {
  if (!when || !machine.clock || *when > *machine.clock) return std::nullopt;
  return *machine.clock - *when;
}

FirstWaiter waiter_of(const Index& index, const model::Task& task) {
  const model::Machine& machine = index.snapshot().machine;
  FirstWaiter waiter{&task, index.wait_of(model::task_node(task.address)), {}};
  if (waiter.wait != nullptr) {
    waiter.age = since(machine, waiter.wait->since);
    // Who sleeps has not run since.
    if (!waiter.age && !task.is_runnable()) waiter.age = since(machine, task.last_arrival);
  } else if (task.queues_for_cpu()) {
    waiter.age = since(machine, task.last_queued);
  }
  return waiter;
}

// What a task does that cannot go on.
enum class Plight : std::uint8_t { kOnCpu, kWaitsForCpu, kStopped, kSleeps };

Plight plight_of(const Index& index, const model::Task& task) {
  if (index.cpu_of(task) != nullptr && task.is_runnable()) return Plight::kOnCpu;
  if (task.queues_for_cpu()) return Plight::kWaitsForCpu;
  return task.is_halted() ? Plight::kStopped : Plight::kSleeps;
}

void add(std::string& text, std::string_view piece) {
  if (!text.empty()) text += ", ";
  text += piece;
}

std::string verb(std::size_t count, std::string_view one, std::string_view several) {
  return fmt::format("{} {}", count, count == 1 ? one : several);
}

struct Told {
  std::string counts;
  std::string names;
};

Told tasks_told(const Index& index, const Finding& finding) {
  std::array<std::size_t, 4> counts{};
  std::string names;
  std::size_t known = 0;
  for (const std::uint64_t address : finding.victim_tasks) {
    const model::Task* task = index.task(address);
    if (task == nullptr) continue;
    ++counts[static_cast<std::size_t>(plight_of(index, *task))];
    if (++known <= kMostNamed) add(names, brief_task(task->comm, task->pid));
  }
  if (known == 0) return {};
  std::string kinds;
  const auto [on_cpu, queued, stopped, asleep] = counts;
  if (on_cpu != 0)
    add(kinds, fmt::format("{} on {}", verb(on_cpu, "spins", "spin"), on_cpu == 1 ? "its CPU" : "their CPUs"));
  if (queued != 0) add(kinds, verb(queued, "waits for a CPU", "wait for a CPU"));
  if (asleep != 0) add(kinds, verb(asleep, "sleeps", "sleep"));
  if (stopped != 0) add(kinds, verb(stopped, "is stopped", "are stopped"));
  names = (known > kMostNamed ? "among them " : known == 1 ? "it is " : "they are ") + names;
  return {fmt::format("{} of {} tasks: {}", known, index.snapshot().tasks.size(), kinds), names};
}

// "CPUs: 1 held, 3 stuck"; one line where all of them could run programs.
std::string cpus_phrase_of(const diagnose::Diagnosis& diagnosis) {
  const std::size_t total = diagnosis.liveness.size();
  if (total == 0) return {};
  const auto alive = std::ranges::count(diagnosis.liveness, diagnose::Rung::kAlive, &diagnose::CpuLiveness::threads);
  if (static_cast<std::size_t>(alive) == total) {
    return total == 1 ? "the CPU could run programs" : fmt::format("all {} CPUs could run programs", total);
  }
  std::string kinds;
  for (const auto& [bucket, count] : diagnosis.accounting.cpus) {
    if (count != 0) add(kinds, fmt::format("{} {}", count, bucket_words(bucket, count != 1)));
  }
  return fmt::format("{} CPU{}: {}", total, plural(total), kinds);
}

}  // namespace

std::string_view bucket_words(diagnose::TaskBucket bucket) {
  switch (bucket) {
    case diagnose::TaskBucket::kRunning: return "running";
    case diagnose::TaskBucket::kWaitsForCpu: return "waiting for a CPU";
    case diagnose::TaskBucket::kExplainedWait: return "blocked (explained)";
    case diagnose::TaskBucket::kNormalSleep: return "sleeping normally";
    case diagnose::TaskBucket::kStopped: return "stopped";
    case diagnose::TaskBucket::kExited: return "exited";
    case diagnose::TaskBucket::kUnexplained: return "blocked (unexplained)";
  }
  return {};
}

std::string_view bucket_words(diagnose::CpuBucket bucket, bool several) {
  switch (bucket) {
    case diagnose::CpuBucket::kCulprit: return several ? "culprits" : "culprit";
    case diagnose::CpuBucket::kVictim: return several ? "victims" : "victim";
    case diagnose::CpuBucket::kIdle: return "idle";
    case diagnose::CpuBucket::kWorking: return "working";
    case diagnose::CpuBucket::kOffline: return "offline";
    case diagnose::CpuBucket::kUnknown: return "unknown";
  }
  return {};
}

FirstWaiter first_waiter(const Index& index, const Finding& finding) {
  if (const model::Task* task = index.task(finding.requester)) return waiter_of(index, *task);
  FirstWaiter first;
  for (const std::uint64_t address : finding.victim_tasks) {
    const model::Task* task = index.task(address);
    if (task == nullptr) continue;
    const FirstWaiter one = waiter_of(index, *task);
    if (one.wait == nullptr && !task->queues_for_cpu()) continue;
    // Who sleeps for something tells more than who only finds no CPU.
    const bool has_wait = one.wait != nullptr;
    const bool first_has = first.wait != nullptr;
    const bool is_older = one.age.value_or(0) > first.age.value_or(0);
    if (first.task == nullptr || (has_wait && !first_has) || (has_wait == first_has && is_older)) first = one;
  }
  return first;
}

std::string first_waiter_phrase(const Index& index, const Finding& finding, const FirstWaiter& waiter) {
  if (waiter.task == nullptr) return {};
  const std::string who = brief_task(waiter.task->comm, waiter.task->pid);
  const std::string since = waiter.age ? ", " + since_phrase(index.snapshot().machine, *waiter.age) : std::string();
  if (waiter.task->address == finding.requester && !finding.requested.empty()) {
    return fmt::format("{} asked for stop_machine() to run {}{}", who, called(finding.requested), since);
  }
  if (waiter.wait == nullptr) {
    const std::string cpu = waiter.task->cpu ? fmt::format(" CPU {}", *waiter.task->cpu) : std::string(" a CPU");
    return fmt::format("{} could run and waits for{}{}", who, cpu, since);
  }
  const std::string place = brief_place(waiter.wait->how.function, waiter.wait->how.module);
  return fmt::format("{} wants {}{}{}{}", who, brief_resource(index, waiter.wait->on.id), place.empty() ? "" : " in ",
                     place, since);
}

std::string stuck_phrase(const Index& index, const diagnose::Diagnosis& diagnosis) {
  if (diagnosis.findings.empty()) return {};
  const Told tasks = tasks_told(index, diagnosis.findings.front());
  const std::string cpus = cpus_phrase_of(diagnosis);
  return (tasks.counts.empty() ? "no other task waits" : tasks.counts) + (cpus.empty() ? "" : "; " + cpus) +
         (tasks.names.empty() ? "" : "; " + tasks.names);
}

std::string all_counted_phrase(const Index& index, const diagnose::Diagnosis& diagnosis) {
  std::string tasks;
  for (const auto& [bucket, count] : diagnosis.accounting.tasks) {
    if (count != 0) add(tasks, fmt::format("{} {}", count, bucket_words(bucket)));
  }
  if (tasks.empty()) return {};
  const std::string cpus = cpus_phrase_of(diagnosis);
  return fmt::format("{} tasks: {}{}{}", index.snapshot().tasks.size(), tasks, cpus.empty() ? "" : "; ", cpus);
}

std::string unexplained_phrase(const Index& index, const diagnose::Diagnosis& diagnosis, std::size_t most) {
  const auto& all = diagnosis.accounting.unexplained;
  const std::size_t named = std::min(most, all.size());
  std::string text;
  for (std::size_t i = 0; i < named; ++i) {
    add(text, brief_task(index, all[i].task));
    if (all[i].since) text += fmt::format(" {} s", seconds_text(*all[i].since));
  }
  return named < all.size() ? fmt::format("{} and {} more", text, all.size() - named) : text;
}

}  // namespace whyhung::report
