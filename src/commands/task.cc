// SPDX-License-Identifier: GPL-2.0-or-later
// task: the task_struct of tasks, whole or (-R) some members of it; set: the task that the next commands speak of.
#include "base/text.h"
#include "commands/command.h"
#include "commands/object.h"
#include "commands/objects.h"
#include "commands/task_choice.h"

namespace whyhung::commands {
namespace {

constexpr auto kTaskOptions = std::to_array<Option>(
    {{"R", "MEMBER,…", "only these members"}, {"x", "", "numbers in hexadecimal"}, {"d", "", "numbers in decimal"}});
constexpr auto kSetOptions = std::to_array<Option>(
    {{"p", "", "the task that panicked"}, {"c", "CPU", "the task that runs on this CPU"}, {"v", "", "the settings"}});

Result<void> run_task(Call& call) {
  TRY_ASSIGN(const auto tasks, tasks_of(call));
  std::string path = "task_struct";
  for (const std::string& members : call.arguments.values("R")) path += (path.size() == 11 ? "." : ",") + members;
  TRY_ASSIGN(ObjectChoice choice, parse_choice(call, "struct", path));
  // v5.14 (2f064a59a11f): who asks for the state means what is called so now.
  const Object any(call, "task_struct", 0);
  for (std::string& member : choice.members) {
    if (member == "state" && !any.has({"state"}) && any.has({"__state"})) member = "__state";
  }
  bool is_first = true;
  for (const model::Task* task : tasks) {
    if (call.context.is_stopped()) break;
    auto shown = show_object(call, choice, task->address, radix_of(call));
    if (!shown) return fail(std::move(shown.error()));
    Value value = Value::object();
    value.set("pid", task->pid);
    value.set("task", Value::address(task->address));
    value.set("members", std::move(shown->value));
    call.output.row(fmt::format("{}{}{}", is_first ? "" : "\n", task_line(*task), shown->text), value);
    is_first = false;
  }
  return {};
}

std::string_view state_name(const model::Task& task) {
  switch (task.state) {
    case model::TaskState::kRunning: return "TASK_RUNNING";
    case model::TaskState::kInterruptible: return "TASK_INTERRUPTIBLE";
    case model::TaskState::kUninterruptible: return "TASK_UNINTERRUPTIBLE";
    case model::TaskState::kIdle: return "TASK_IDLE";
    case model::TaskState::kStopped: return "TASK_STOPPED";
    case model::TaskState::kTraced: return "TASK_TRACED";
    case model::TaskState::kParked: return "TASK_PARKED";
    case model::TaskState::kZombie: return "EXIT_ZOMBIE";
    case model::TaskState::kDead: return "EXIT_DEAD";
    case model::TaskState::kUnknown: return "(unknown)";
  }
  return "(unknown)";
}

void show_current(Call& call, const model::Task& task) {
  const bool runs = cpu_running(call.snapshot(), task) != nullptr;
  const bool panicked = call.snapshot().machine.panic_task == task.address;
  Value value = Value::object();
  value.set("pid", task.pid);
  value.set("comm", task.comm);
  value.set("task", Value::address(task.address));
  value.set("state", state_name(task));
  value.set("runs", runs);
  call.output.record(
      fmt::format("    PID: {}\nCOMMAND: \"{}\"\n   TASK: {:x}\n    CPU: {}\n  STATE: {}{}\n", task.pid,
                  printable(task.comm), task.address, task.cpu ? std::to_string(*task.cpu) : "?", state_name(task),
                  panicked ? " (PANIC)"
                  : runs   ? " (ACTIVE)"
                           : ""),
      value);
}

Result<void> change_setting(Call& call) {
  const auto& words = call.words();
  const std::string value = words.size() > 1 ? words[1] : "";
  if (words[0] == "radix" || words[0] == "hex" || words[0] == "dec") {
    const std::string radix = words[0] == "hex" ? "16" : words[0] == "dec" ? "10" : value;
    if (radix != "10" && radix != "16" && !radix.empty()) return fail(ErrorKind::kUsage, "the radix is 10 or 16");
    if (radix == "16") call.desk.radix = debuginfo::Radix::kHexadecimal;
    if (radix == "10") call.desk.radix = debuginfo::Radix::kDecimal;
    const bool is_hexadecimal = call.desk.radix == debuginfo::Radix::kHexadecimal;
    call.output.heading(fmt::format("output radix: {}\n", is_hexadecimal ? "16 (hex)" : "10 (decimal)"));
    return {};
  }
  if (words[0] == "scroll") {
    if (value != "on" && value != "off" && !value.empty()) return fail(ErrorKind::kUsage, "scroll is on or off");
    if (!value.empty()) call.desk.scrolls = value == "on";
    call.output.heading(fmt::format("scroll: {}\n", call.desk.scrolls ? "on" : "off"));
    return {};
  }
  return fail(ErrorKind::kUnsupported, "the setting {} does not exist here", printable(words[0]));
}

Result<void> run_set(Call& call) {
  constexpr std::array<std::string_view, 14> kSettings = {"radix",   "hex",      "dec",      "scroll",    "silent",
                                                          "edit",    "namelist", "dumpfile", "print_max", "print_array",
                                                          "console", "debug",    "core",     "redzone"};
  const auto& words = call.words();
  if (call.has("v")) {
    call.output.heading(
        fmt::format("         radix: {}\n", call.desk.radix == debuginfo::Radix::kHexadecimal ? 16 : 10));
    return {};
  }
  if (!words.empty() && std::ranges::find(kSettings, words[0]) != kSettings.end()) return change_setting(call);
  const model::Task* task = current_task(call);
  if (call.has("p")) {
    call.desk.current_task.reset();
    task = default_task(call.snapshot());
  } else if (const auto text = call.arguments.value("c")) {
    const auto number = parse_unsigned(*text, 10);
    const model::Cpu* cpu = number ? call.snapshot().find_cpu(static_cast<std::uint32_t>(*number)) : nullptr;
    if (cpu == nullptr) return fail(ErrorKind::kNotFound, "there is no CPU {}", printable(*text));
    task = call.snapshot().find_task(cpu->task);
  } else if (!words.empty()) {
    TRY_ASSIGN(const auto tasks, choose_tasks(call.snapshot(), std::span(words).first(1)));
    if (tasks.empty()) return fail(ErrorKind::kNotFound, "no task is \"{}\"", printable(words[0]));
    task = tasks.front();
  }
  if (task == nullptr) return fail(ErrorKind::kNotFound, "no task is known");
  if (!words.empty() || call.has("c")) call.desk.current_task = task->address;
  show_current(call, *task);
  return {};
}

}  // namespace

extern const Command kTask = {.name = "task",
                              .usage = "task [-R MEMBER,…] [-xd] [PID|TASK|NAME]…",
                              .help = "the task_struct of tasks",
                              .options = kTaskOptions,
                              .needs = Needs::kMachine,
                              .per_task = PerTask::kYes,
                              .run = run_task};
extern const Command kSet = {.name = "set",
                             .usage = "set [PID|TASK|NAME|-p|-c CPU|radix 10|16|-v]",
                             .help = "the task that commands without a task speak of, and settings",
                             .options = kSetOptions,
                             .run = run_set};

}  // namespace whyhung::commands
