// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/task_choice.h"

#include <regex.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>

#include "base/enum_names.h"
#include "base/nearest.h"
#include "base/text.h"
#include "commands/desk.h"

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

std::string upper(std::string_view word) {
  std::string out(word);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

std::optional<model::TaskState> state_of(std::string_view word) {
  if (word.size() != 2) return std::nullopt;
  const std::string letters = upper(word);
  if (letters == "??") return std::nullopt;
  return enum_value<model::TaskState>(kLetters, letters);
}

// An extended regular expression over names; one that cannot be compiled matches nothing.
class NamePattern {
 public:
  explicit NamePattern(const std::string& text) {
    const bool looks_like_one = text.find_first_of(".*[]^$()|+?\\") != std::string::npos;
    compiled_ = looks_like_one && text.size() < 256 && ::regcomp(&regex_, text.c_str(), REG_EXTENDED | REG_NOSUB) == 0;
  }
  ~NamePattern() {
    if (compiled_) ::regfree(&regex_);
  }
  NamePattern(const NamePattern&) = delete;
  NamePattern& operator=(const NamePattern&) = delete;
  bool matches(const std::string& name) const {
    return compiled_ && ::regexec(&regex_, name.c_str(), 0, nullptr, 0) == 0;
  }

 private:
  regex_t regex_{};
  bool compiled_ = false;
};

bool matches(const model::Snapshot& snapshot, const model::Task& task, std::string_view word,
             const NamePattern& pattern) {
  if (word == "active") return cpu_running(snapshot, task) != nullptr;
  if (word == "kernel") return task.is_kernel_thread || task.is_idle_task;
  if (word == "user") return !task.is_kernel_thread && !task.is_idle_task;
  if (word == "gleader") return !task.is_kernel_thread && !task.is_idle_task && task.pid == task.tgid;
  if (word == "panic") return snapshot.machine.panic_task == task.address;
  if (const auto state = state_of(word); state && task.state == *state) return true;
  const auto pid = parse_unsigned(word, 10);
  if (pid && task.pid == *pid) return true;
  const auto address = as_address(word);
  return task.comm == word || (address && task.address == *address) || pattern.matches(task.comm);
}

}  // namespace

bool is_task_class(std::string_view word) {
  return word == "active" || word == "kernel" || word == "user" || word == "gleader" || word == "panic" ||
         state_of(word);
}

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
  std::vector<std::unique_ptr<NamePattern>> patterns;
  for (const std::string& word : words) patterns.push_back(std::make_unique<NamePattern>(word));
  std::vector<bool> used(words.size());
  for (const model::Task& task : snapshot.tasks) {
    bool wanted = words.empty();
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (!matches(snapshot, task, words[i], *patterns[i])) continue;
      wanted = true;
      used[i] = true;
    }
    if (wanted) chosen.push_back(&task);
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (used[i] || is_task_class(words[i])) continue;
    std::vector<std::string> names;
    for (const model::Task& task : snapshot.tasks) names.push_back(task.comm);
    const std::string_view near = nearest(words[i], names);
    return with_hint(
        fail(ErrorKind::kNotFound, "no task is \"{}\": no such pid, address, name or state", printable(words[i])),
        !near.empty() ? fmt::format("did you mean {}?", printable(near)) : std::string());
  }
  return chosen;
}

const model::Task* current_task(const Call& call) {
  if (call.desk.current_task) {
    if (const model::Task* task = call.snapshot().find_task(*call.desk.current_task)) return task;
  }
  return default_task(call.snapshot());
}

Result<std::vector<const model::Task*>> tasks_of(const Call& call) {
  if (call.context.tasks) return *call.context.tasks;
  std::vector<const model::Task*> tasks;
  // In the order of the words, which may each name several.
  for (const std::string& word : call.words()) {
    TRY_ASSIGN(const auto some, choose_tasks(call.snapshot(), std::span(&word, 1)));
    tasks.insert(tasks.end(), some.begin(), some.end());
  }
  if (!call.words().empty()) return tasks;
  const model::Task* task = current_task(call);
  if (task == nullptr) return fail(ErrorKind::kNotFound, "no task is known");
  return std::vector<const model::Task*>{task};
}

std::string task_line(const model::Task& task) {
  return fmt::format("PID: {:<8} TASK: {:016x}  CPU: {:<4} COMMAND: \"{}\"\n", task.pid, task.address,
                     task.cpu ? std::to_string(*task.cpu) : "?", printable(task.comm));
}

}  // namespace whyhung::commands
