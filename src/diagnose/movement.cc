// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnose/movement.h"

#include <algorithm>

namespace whyhung::diagnose {

std::uint64_t patience(const model::Machine& machine) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  constexpr std::uint64_t kLongest = 20;  // s
  const std::uint64_t limit = machine.hung_task_timeout.value_or(0);
  if (limit == 0 || limit > kLongest) return kLongest * kSecond;
  return std::max(limit * kSecond, kLasting);
}

bool sleeps_by_time(const model::Snapshot& snapshot, const model::Task& task) {
  constexpr std::size_t kInnermost = 5;
  const std::size_t count = std::min(task.stack.frames.size(), kInnermost);
  return std::any_of(task.stack.frames.begin(), task.stack.frames.begin() + static_cast<std::ptrdiff_t>(count),
                     [&](const model::StackFrame& frame) {
                       return snapshot.location(frame).meanings.has(names::Meaning::kSleepsForTime);
                     });
}

bool takes_its_turn(const Case& facts, const model::Task& holder, const model::Wait& wait) {
  if (wait.how.function.empty()) return false;
  const model::Cpu* cpu = facts.index.cpu_of(holder);
  const model::StackTrace& stack = cpu == nullptr ? holder.stack : cpu->stack;
  return std::ranges::any_of(stack.frames, [&](const model::StackFrame& frame) {
    const model::CodeLocation& location = facts.snapshot.location(frame);
    return location.function == wait.how.function && location.module == wait.how.module;
  });
}

std::optional<std::uint64_t> standing_time(const Case& facts, const model::Wait& wait) {
  const auto age = facts.waits.age(wait);
  if (!age) return std::nullopt;
  const model::Task* end = facts.waits.end_of_chain(wait);
  if (end == nullptr) return age;
  if (end->on_cpu || end->is_runnable()) {
    if (facts.blame.of(model::task_node(end->address)) == Ability::kAble) return 0;
    const std::uint64_t queued = facts.waits.queued_time(*end);
    return queued == 0 ? *age : std::min(*age, queued);
  }
  if (const auto rested = facts.waits.idle_time(*end)) return std::min(*age, *rested);
  const model::Wait* last = facts.waits.wait_of(model::task_node(end->address));
  return last == nullptr ? *age : std::min(*age, facts.waits.age(*last).value_or(*age));
}

}  // namespace whyhung::diagnose
