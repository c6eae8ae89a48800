// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/ps_forms.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/text.h"
#include "commands/process_memory.h"
#include "commands/task_choice.h"
#include "report/json_values.h"

namespace whyhung::commands {
namespace {

constexpr std::size_t kMostArguments = 1u << 16;  // bytes of one process
constexpr unsigned kDeepestFamily = 64;

constexpr std::array<std::string_view, 7> kPolicies = {"NORMAL", "FIFO", "RR", "BATCH", "ISO", "IDLE", "DEADLINE"};

}  // namespace

Value task_value(const model::Task& task) {
  Value value = Value::object();
  const std::string text = report::task_json(task).dump(-1, ' ', false, report::Json::error_handler_t::replace);
  const report::Json json = report::Json::parse(text);
  for (const auto& [name, member] : json.items()) value.set(name, Value::json(member.dump()));
  return value;
}

std::string ago_text(std::uint64_t nanoseconds) {
  const std::uint64_t milliseconds = nanoseconds / 1'000'000;
  const std::uint64_t seconds = milliseconds / 1000;
  return fmt::format("[{} {:02}:{:02}:{:02}.{:03}]", seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60,
                     seconds % 60, milliseconds % 1000);
}

std::string_view policy_name(std::uint32_t policy) {
  return policy < kPolicies.size() ? kPolicies[policy] : "UNKNOWN";
}

Result<std::set<std::uint32_t>> parse_policies(std::string_view text) {
  std::set<std::uint32_t> policies;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(','));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    std::string upper(word);
    std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    const auto named = std::ranges::find(kPolicies, upper);
    const auto number = parse_unsigned(word, 10);
    if (named != kPolicies.end()) {
      policies.insert(static_cast<std::uint32_t>(named - kPolicies.begin()));
    } else if (number && *number < kPolicies.size()) {
      policies.insert(static_cast<std::uint32_t>(*number));
    } else {
      return fail(ErrorKind::kUsage, "\"{}\" is no scheduling policy", printable(word));
    }
  }
  return policies;
}

Result<void> show_states(Call& call, const Tasks& tasks) {
  std::map<std::string_view, std::uint64_t> counts;
  std::vector<std::string_view> order;
  for (const model::Task* task : tasks) {
    if (counts[state_letters(task->state)]++ == 0) order.push_back(state_letters(task->state));
  }
  constexpr std::array<std::string_view, 10> kOrder = {"RU", "IN", "UN", "ST", "ZO", "TR", "DE", "PA", "ID", "??"};
  Value value = Value::object();
  std::string text;
  for (const std::string_view letters : kOrder) {
    if (counts[letters] == 0) continue;
    text += fmt::format("  {}: {}\n", letters, counts[letters]);
    value.set(letters, counts[letters]);
  }
  call.output.record(text, value);
  return {};
}

Result<void> show_last_runs(Call& call, Tasks tasks) {
  std::ranges::stable_sort(tasks, [](const model::Task* a, const model::Task* b) {
    return a->last_arrival.value_or(0) > b->last_arrival.value_or(0);
  });
  const auto now = call.snapshot().machine.clock;
  std::uint64_t newest = 0;
  for (const model::Task& task : call.snapshot().tasks) newest = std::max(newest, task.last_arrival.value_or(0));
  const std::size_t width = std::to_string(newest).size();
  for (const model::Task* task : tasks) {
    // What a CPU does now it has begun some time ago; the clock of its runqueue tells when. Of a task that never ran
    // nothing is known but its age.
    const std::uint64_t since = task->last_arrival.value_or(0);
    std::string stamp = fmt::format("[{:>{}}]", since, width);
    if (call.has("m")) {
      const std::uint64_t clock = now.value_or(newest);
      stamp = task->last_arrival ? ago_text(clock > since ? clock - since : 0) : "[? ??:??:??.???]";
    }
    Value value = task_value(*task);
    if (task->last_arrival && now) value.set("ran_nanoseconds_ago", *now > since ? *now - since : 0);
    call.output.row(fmt::format("{} [{}]  {}", stamp, state_letters(task->state), task_line(*task)), value);
  }
  return {};
}

Result<void> show_families(Call& call, const Tasks& tasks) {
  std::unordered_map<std::uint32_t, const model::Task*> pids;
  std::unordered_map<std::uint32_t, Tasks> children, threads;
  for (const model::Task& task : call.snapshot().tasks) {
    pids.try_emplace(task.pid, &task);
    if (task.is_idle_task) continue;
    if (task.pid == task.tgid) children[task.parent_pid].push_back(&task);
    threads[task.tgid].push_back(&task);
  }
  const auto by_pid = [&](std::uint32_t pid) {
    const auto found = pids.find(pid);
    return found == pids.end() ? nullptr : found->second;
  };
  std::set<std::uint32_t> groups;
  bool is_first = true;
  for (const model::Task* task : tasks) {
    if (call.context.is_stopped()) return {};
    // A group is shown once, however many of its threads were asked for.
    if (call.has("g") && !task->is_idle_task && !groups.insert(task->tgid).second) continue;
    std::string text = is_first ? "" : "\n";
    is_first = false;
    Value value = task_value(*task);
    Value others = Value::array();
    if (call.has("p")) {
      Tasks line = {task};
      while (line.back()->pid != 0 && line.size() < kDeepestFamily) {
        const model::Task* parent = by_pid(line.back()->parent_pid);
        if (parent == nullptr || std::ranges::find(line, parent) != line.end()) break;
        line.push_back(parent);
      }
      unsigned indent = 0;
      for (auto one = line.rbegin(); one != line.rend(); ++one) {
        text += std::string(std::size_t{indent++}, ' ') + task_line(**one);
        if (*one != task) others.push((*one)->pid);
      }
      value.set("parents", std::move(others));
    } else if (call.has("c")) {
      text += task_line(*task);
      for (const model::Task* one : children[task->pid]) {
        text += "  " + task_line(*one);
        others.push(one->pid);
      }
      if (children[task->pid].empty()) text += "  (no children)\n";
      value.set("children", std::move(others));
    } else {
      const model::Task* leader = by_pid(task->tgid);
      text += task_line(leader == nullptr || task->is_idle_task ? *task : *leader);
      for (const model::Task* one : threads[task->tgid]) {
        if (one == leader || task->is_idle_task) continue;
        text += "  " + task_line(*one);
        others.push(one->pid);
      }
      value.set("threads", std::move(others));
    }
    call.output.row(text, value);
  }
  return {};
}

Result<void> show_times(Call& call, const Tasks& tasks) {
  TRY_CHECK(need_machine(call.context, "ps -t"));
  kernel::Binder binder(call.machine().access.types);
  const kernel::Field user = binder.optional("task_struct", {"utime"});
  const kernel::Field system = binder.optional("task_struct", {"stime"});
  const VirtualMemory& memory = call.machine().access.memory;
  bool is_first = true;
  for (const model::Task* task : tasks) {
    const VirtualAddress at(task->address);
    const auto utime = user.read(memory, at);
    const auto stime = system.read(memory, at);
    const auto now = call.snapshot().machine.uptime;
    const std::uint64_t started = task->start_time.value_or(0) / 1'000'000'000;
    std::string run = "(unknown)";
    if (now && task->start_time) {
      const std::uint64_t seconds = *now > started ? *now - started : 0;
      run = seconds >= 86400 ? fmt::format("{} days, {:02}:{:02}:{:02}", seconds / 86400, seconds / 3600 % 24,
                                           seconds / 60 % 60, seconds % 60)
                             : fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }
    Value value = task_value(*task);
    if (utime) value.set("utime", *utime);
    if (stime) value.set("stime", *stime);
    call.output.row(
        fmt::format("{}{}    RUN TIME: {}\n  START TIME: {}\n       UTIME: {}\n       STIME: {}\n",
                    is_first ? "" : "\n", task_line(*task), run, task->start_time.value_or(0),
                    utime ? std::to_string(*utime) : "(unreadable)", stime ? std::to_string(*stime) : "(unreadable)"),
        value);
    is_first = false;
  }
  return {};
}

Result<void> show_arguments(Call& call, const Tasks& tasks) {
  TRY_CHECK(need_machine(call.context, "ps -a"));
  kernel::Binder binder(call.machine().access.types);
  const auto member = [&](std::string_view name) { return binder.optional("mm_struct", {name}); };
  const kernel::Field arg_start = member("arg_start"), arg_end = member("arg_end");
  const kernel::Field env_start = member("env_start"), env_end = member("env_end");
  bool is_first = true;
  for (const model::Task* task : tasks) {
    std::string text = (is_first ? "" : "\n") + task_line(*task);
    is_first = false;
    Value value = task_value(*task);
    const auto memory = ProcessMemory::open(call.machine(), *task);
    const auto list = [&](const kernel::Field& begin,
                          const kernel::Field& end) -> std::optional<std::vector<std::string>> {
      if (!memory) return std::nullopt;
      const auto from = begin.read(call.machine().access.memory, memory->mm());
      const auto to = end.read(call.machine().access.memory, memory->mm());
      if (!from || !to || *to < *from || *to - *from > kMostArguments) return std::nullopt;
      std::string bytes(*to - *from, '\0');
      if (!memory->user().read(VirtualAddress(*from), std::as_writable_bytes(std::span(bytes)))) return std::nullopt;
      std::vector<std::string> words;
      for (std::string_view rest = bytes; !rest.empty();) {
        const std::string_view word = rest.substr(0, rest.find('\0'));
        rest.remove_prefix(std::min(word.size() + 1, rest.size()));
        words.emplace_back(word);
      }
      return words;
    };
    if (!memory) {
      text += "(no user stack)\n";
    } else {
      const auto arguments = list(arg_start, arg_end);
      const auto environment = list(env_start, env_end);
      text += "ARG:";
      if (!arguments) text += " (not in the dump)";
      Value words = Value::array();
      for (const std::string& word : arguments.value_or(std::vector<std::string>())) {
        text += " " + printable(word);
        words.push(word);
      }
      text += "\nENV:";
      if (!environment) text += " (not in the dump)";
      Value settings = Value::array();
      for (const std::string& word : environment.value_or(std::vector<std::string>())) {
        text += " " + printable(word) + "\n    ";
        settings.push(word);
      }
      while (text.ends_with(' ') || text.ends_with('\n')) text.pop_back();
      text += "\n";
      if (arguments) value.set("arguments", std::move(words));
      if (environment) value.set("environment", std::move(settings));
    }
    call.output.row(text, value);
  }
  return {};
}

Result<void> show_limits(Call& call, const Tasks& tasks) {
  TRY_CHECK(need_machine(call.context, "ps -r"));
  constexpr std::array<std::string_view, 16> kLimits = {"CPU",      "FSIZE",  "DATA",    "STACK", "CORE",  "RSS",
                                                        "NPROC",    "NOFILE", "MEMLOCK", "AS",    "LOCKS", "SIGPENDING",
                                                        "MSGQUEUE", "NICE",   "RTPRIO",  "RTTIME"};
  kernel::Binder binder(call.machine().access.types);
  const kernel::Field limits = binder.optional("signal_struct", {"rlim"});
  if (!limits.exists() || limits.element_size() != 16)
    return fail(ErrorKind::kNotFound, "this kernel's types have no signal_struct.rlim");
  const VirtualMemory& memory = call.machine().access.memory;
  bool is_first = true;
  for (const model::Task* task : tasks) {
    const auto signal = call.machine().tasks.signal.read_pointer(memory, VirtualAddress(task->address));
    std::string text = (is_first ? "" : "\n") + task_line(*task) + "       RLIMIT     CURRENT       MAXIMUM\n";
    is_first = false;
    Value value = task_value(*task);
    Value rows = Value::object();
    for (std::size_t i = 0; i < std::min<std::size_t>(kLimits.size(), limits.element_count()); ++i) {
      const auto one = [&](std::uint64_t offset) -> std::string {
        const auto word = signal ? memory.read_u64(limits.in(*signal) + i * 16 + offset)
                                 : ReadResult<std::uint64_t>(tl::unexpected(signal.error()));
        if (!word) return "(unreadable)";
        return *word == ~0ull ? "(unlimited)" : std::to_string(*word);
      };
      text += fmt::format("   {:>10}   {:<12}  {}\n", kLimits[i], one(0), one(8));
      Value pair = Value::object();
      pair.set("current", one(0));
      pair.set("maximum", one(8));
      rows.set(kLimits[i], std::move(pair));
    }
    value.set("limits", std::move(rows));
    call.output.row(text, value);
  }
  return {};
}

}  // namespace whyhung::commands
