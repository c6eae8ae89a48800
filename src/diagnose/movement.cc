// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnose/movement.h"

#include <algorithm>
#include <unordered_set>

namespace whyhung::diagnose {
namespace {

// The last task of a chain: whom all before wait for, as far as that is certain. Null: the chain ends at no task.
const model::Task* end_of(const Case& facts, const model::Wait& start) {
  std::unordered_set<model::NodeId, model::NodeHash> passed;
  const model::Wait* wait = &start;
  while (wait != nullptr && passed.insert(wait->on).second) {
    const model::Resource* resource = facts.waits.resource(wait->on);
    if (resource == nullptr || resource->holders.empty()) return facts.waits.task(wait->waiter);
    const model::Holder& holder = resource->holders.front();
    if (holder.certainty != model::Certainty::kCertain) return facts.waits.task(wait->waiter);
    const model::Task* task = facts.waits.task(holder.who);
    const model::Wait* next = facts.waits.wait_of(holder.who);
    if (task == nullptr || next == nullptr) return task;
    wait = next;
  }
  return nullptr;
}

}  // namespace

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
  const model::Task* end = end_of(facts, wait);
  if (end == nullptr) return age;
  if (end->on_cpu || end->is_runnable()) {
    if (facts.blame.of(model::task_node(end->address)) == Ability::kAble) return 0;
    const std::uint64_t queued = facts.waits.queued_time(*end);
    return queued == 0 ? *age : std::min(*age, queued);
  }
  return std::min(*age, facts.waits.idle_time(*end).value_or(*age));
}

}  // namespace whyhung::diagnose
