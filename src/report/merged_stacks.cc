// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/merged_stacks.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include <fmt/format.h>

#include "report/words.h"

namespace whyhung::report {
namespace {

class Merger {
 public:
  void add(StackRole role, const model::Task& task, const model::StackTrace& stack) {
    std::vector<std::uint32_t> locations;
    locations.reserve(stack.frames.size());
    for (const model::StackFrame& frame : stack.frames) locations.push_back(frame.location);
    const auto [found, is_new] = places_.try_emplace(std::pair(role, locations), merged_.size());
    if (is_new) merged_.push_back({role, {}, std::move(locations)});
    merged_[found->second].tasks.push_back(&task);
  }

  std::vector<MergedStack> take() {
    std::ranges::stable_sort(merged_, [](const MergedStack& a, const MergedStack& b) {
      return a.role != b.role ? a.role < b.role : a.tasks.size() > b.tasks.size();
    });
    return std::move(merged_);
  }

 private:
  std::map<std::pair<StackRole, std::vector<std::uint32_t>>, std::size_t> places_;
  std::vector<MergedStack> merged_;
};

}  // namespace

std::string_view words_of(StackRole role) {
  switch (role) {
    case StackRole::kCulprit: return "culprit";
    case StackRole::kVictim: return "held up";
    case StackRole::kUnexplained: return "blocked, unexplained";
    case StackRole::kRunning: return "running";
    case StackRole::kWaits: return "waiting";
    case StackRole::kSleeps: return "asleep";
  }
  return {};
}

std::vector<MergedStack> merge_stacks(const model::Index& index, const diagnose::Diagnosis& diagnosis) {
  std::unordered_map<std::uint64_t, StackRole> roles;
  for (const diagnose::Finding& finding : diagnosis.findings) {
    for (const diagnose::Culprit& culprit : finding.culprits) roles.try_emplace(culprit.task, StackRole::kCulprit);
  }
  for (const diagnose::Finding& finding : diagnosis.findings) {
    for (const std::uint64_t task : finding.victim_tasks) roles.try_emplace(task, StackRole::kVictim);
  }
  for (const diagnose::Unexplained& one : diagnosis.accounting.unexplained) {
    roles.try_emplace(one.task, StackRole::kUnexplained);
  }
  Merger merger;
  for (const model::Task& task : index.snapshot().tasks) {
    const model::Cpu* cpu = index.cpu_of(task);
    StackRole role = StackRole::kSleeps;
    if (const auto found = roles.find(task.address); found != roles.end()) {
      role = found->second;
    } else if (cpu != nullptr) {
      role = StackRole::kRunning;
    } else if (task.is_runnable() || index.wait_of(model::task_node(task.address)) != nullptr) {
      role = StackRole::kWaits;
    }
    merger.add(role, task, cpu != nullptr ? cpu->stack : task.stack);
  }
  return merger.take();
}

std::vector<MergedStack> merge_stacks(const model::Snapshot& snapshot) {
  Merger merger;
  for (const model::Task& task : snapshot.tasks) {
    const bool is_running = task.state == model::TaskState::kRunning;
    merger.add(is_running ? StackRole::kRunning : StackRole::kWaits, task, task.stack);
  }
  return merger.take();
}

std::string since_phrase(const model::Machine& machine, const MergedStack& stack) {
  std::uint64_t least = 0;
  std::uint64_t most = 0;
  bool is_first = true;
  for (const model::Task* task : stack.tasks) {
    if (!machine.clock || !task->last_arrival || *task->last_arrival > *machine.clock) continue;
    const std::uint64_t age = *machine.clock - *task->last_arrival;
    least = is_first ? age : std::min(least, age);
    most = std::max(most, age);
    is_first = false;
  }
  if (is_first) return {};
  const std::string first = seconds_text(least);
  const std::string last = seconds_text(most);
  return first == last ? fmt::format("for {} s", last) : fmt::format("for {} to {} s", first, last);
}

}  // namespace whyhung::report
