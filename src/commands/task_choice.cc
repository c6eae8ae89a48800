// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/task_choice.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/enum_names.h"
#include "base/text.h"

namespace whyhung::commands {
namespace {

constexpr auto kLetters = std::to_array<EnumName<model::TaskState>>({{model::TaskState::kRunning, "RU"},
                                                                     {model::TaskState::kInterruptible, "IN"},
                                                                     {model::TaskState::kUninterruptible, "UN"},
                                                                     {model::TaskState::kIdle, "ID"},
                                                                     {model::TaskState::kStopped, "ST"},
                                                                     {model::TaskState::kTraced, "TR"},
                                                                     {model::TaskState::kParked, "PA"},
                                                                     {model::TaskState::kZombie, "ZO"},
                                                                     {model::TaskState::kDead, "DE"},
                                                                     {model::TaskState::kUnknown, "??"}});
static_assert(is_whole(kLetters));

std::optional<std::uint64_t> as_address(std::string_view word) {
  if (word.starts_with("0x") || word.starts_with("0X")) word.remove_prefix(2);
  return parse_unsigned(word, 16);
}

bool matches(const model::Snapshot& snapshot, const model::Task& task, std::string_view word) {
  if (word == "active") return cpu_running(snapshot, task) != nullptr;
  if (word == "kernel") return task.is_kernel_thread || task.is_idle_task;
  if (word == "user") return !task.is_kernel_thread && !task.is_idle_task;
  if (const auto state = enum_value<model::TaskState>(kLetters, word)) return task.state == *state;
  const auto pid = parse_unsigned(word, 10);
  if (pid && task.pid == *pid) return true;
  const auto address = as_address(word);
  return task.comm == word || (address && task.address == *address);
}

}  // namespace

std::string_view state_letters(model::TaskState state) {
  return enum_name(kLetters, state);
}

const model::Cpu* cpu_running(const model::Snapshot& snapshot, const model::Task& task) {
  const auto found = std::ranges::find(snapshot.cpus, task.address, &model::Cpu::task);
  return found == snapshot.cpus.end() ? nullptr : &*found;
}

std::vector<const model::Task*> active_tasks(const model::Snapshot& snapshot) {
  std::vector<const model::Task*> tasks;
  for (const model::Cpu& cpu : snapshot.cpus) {
    if (const model::Task* task = snapshot.find_task(cpu.task)) tasks.push_back(task);
  }
  return tasks;
}

const model::Task* default_task(const model::Snapshot& snapshot) {
  if (snapshot.machine.panic_task) {
    if (const model::Task* task = snapshot.find_task(*snapshot.machine.panic_task)) return task;
  }
  const auto active = active_tasks(snapshot);
  return active.empty() ? nullptr : active.front();
}

Result<const model::Task*> task_by_pid_or_address(const model::Snapshot& snapshot, std::string_view word) {
  if (const auto pid = parse_unsigned(word, 10)) {
    const auto found = std::ranges::find(snapshot.tasks, *pid, [](const model::Task& task) { return task.pid; });
    if (found != snapshot.tasks.end()) return &*found;
  }
  if (const auto address = as_address(word)) {
    if (const model::Task* task = snapshot.find_task(*address)) return task;
  }
  return fail(ErrorKind::kNotFound, "no task has the pid or address \"{}\"", printable(word));
}

Result<std::vector<const model::Task*>> choose_tasks(const model::Snapshot& snapshot,
                                                     std::span<const std::string> words) {
  std::vector<const model::Task*> chosen;
  // Active tasks come by CPU, as everywhere; the others in the snapshot's order.
  if (words.size() == 1 && words.front() == "active") return active_tasks(snapshot);
  std::set<std::string> used;
  for (const model::Task& task : snapshot.tasks) {
    bool wanted = words.empty();
    for (const std::string& word : words) {
      if (!matches(snapshot, task, word)) continue;
      wanted = true;
      used.insert(word);
    }
    if (wanted) chosen.push_back(&task);
  }
  for (const std::string& word : words) {
    const bool is_class =
        word == "active" || word == "kernel" || word == "user" || enum_value<model::TaskState>(kLetters, word);
    if (!is_class && !used.contains(word)) {
      return fail(ErrorKind::kNotFound, "no task is \"{}\": no such pid, address, name or state", printable(word));
    }
  }
  return chosen;
}

}  // namespace whyhung::commands
