// SPDX-License-Identifier: GPL-2.0-or-later
// bt: stacks of tasks.
#include <algorithm>
#include <map>
#include <sstream>

#include "base/text.h"
#include "commands/command.h"
#include "commands/expression.h"
#include "commands/raw_stack.h"
#include "commands/shown_stack.h"
#include "commands/task_choice.h"
#include "report/backtrace.h"
#include "report/json_values.h"

namespace whyhung::commands {
namespace {

constexpr auto kOptions = std::to_array<Option>({{"a", "", "the tasks that run on the CPUs"},
                                                 {"l", "", "source lines, where a vmlinux tells them"},
                                                 {"c", "CPUS", "the tasks that run on these CPUs"},
                                                 {"p", "", "the task that panicked"},
                                                 {"n", "idle", "leave out CPUs that are idle"},
                                                 {"f", "", "the words of each frame"},
                                                 {"F", "", "the same, with symbols"},
                                                 {"t", "", "all words of the stack that may be addresses of code"},
                                                 {"T", "", "the same, from the very end of the stack on"},
                                                 {"e", "", "the saved registers only"},
                                                 {"s", "", "how far into its function each frame is"},
                                                 {"x", "", "the same in hexadecimal"},
                                                 {"v", "", "only tasks whose stack ran over"},
                                                 {"r", "", "the whole stack, word by word"},
                                                 {"merge", "", "equal stacks once, with all their tasks"}});

report::BacktraceStyle style_of(const Call& call) {
  report::BacktraceStyle style;
  if (call.has("l")) style.lines = report::SourceLines::kShow;
  if (call.has("s")) style.offsets = report::FrameOffsets::kDecimal;
  if (call.has("x")) style.offsets = report::FrameOffsets::kHexadecimal;
  if ((call.has("f") || call.has("F")) && call.context.machine != nullptr) {
    style.words = [&call](std::uint64_t begin, std::uint64_t end) {
      return stack_words(call, begin, end, call.has("F") ? StackWords::kSymbols : StackWords::kNumbers);
    };
  }
  return style;
}

Value value_of(const model::Task& task, const ShownStack& shown, const model::Cpu* cpu) {
  report::Json json = report::task_json(task);
  if (cpu != nullptr) json["registers"] = report::registers_json(cpu->registers);
  json["stack"] = report::stack_json(shown.places, shown.stack);
  return Value::json(json.dump(-1, ' ', false, report::Json::error_handler_t::replace));
}

void show_registers_only(Call& call, const model::Task& task, const model::StackTrace& stack) {
  std::string text = task_line(task);
  Value value = Value::object();
  value.set("pid", task.pid);
  Value frames = Value::array();
  for (const model::FrameRegisters& saved : stack.registers) {
    std::ostringstream out;
    report::write_saved_registers(out, saved.values);
    const bool is_user = saved.frame >= stack.frames.size();
    text += fmt::format("\n{}{}\n{}", is_user ? "USER-MODE" : "KERNEL-MODE",
                        " EXCEPTION FRAME AT" + (saved.saved_at ? fmt::format(": {:x}", *saved.saved_at)
                                                                : std::string(" an unknown place")),
                        out.str());
    Value frame = Value::object();
    if (saved.saved_at) frame.set("at", Value::address(*saved.saved_at));
    frame.set("registers", Value::json(report::registers_json(saved.values).dump()));
    frames.push(std::move(frame));
  }
  value.set("frames", std::move(frames));
  call.output.row(text, value);
}

void show_stack(Call& call, const model::Task& task) {
  const model::Cpu* cpu = cpu_running(call.snapshot(), task);
  if (call.has("t") || call.has("T") || call.has("r")) {
    show_raw_stack(call, task, cpu);
    return;
  }
  const bool wants_lines = call.has("l") || !call.output.wants_text();
  const ShownStack shown = shown_stack(call.context, task, cpu, wants_lines ? Lines::kFind : Lines::kLeave);
  if (call.has("e")) {
    show_registers_only(call, task, shown.stack);
    return;
  }
  call.output.row(
      [&] {
        std::ostringstream text;
        report::write_backtrace(text, shown.places, task, shown.stack, cpu, style_of(call));
        return text.str();
      },
      [&] { return value_of(task, shown, cpu); });
}

// Equal stacks are those whose frames stand in the same functions.
void show_merged(Call& call, const std::vector<const model::Task*>& tasks) {
  struct Group {
    std::vector<const model::Task*> tasks;
    std::string text;
    Value frames;
  };
  std::map<std::string, std::size_t> known;
  std::vector<Group> groups;
  for (const model::Task* task : tasks) {
    if (call.context.is_stopped()) break;
    const ShownStack shown = shown_stack(call.context, *task, cpu_running(call.snapshot(), *task), Lines::kLeave);
    const model::StackTrace& stack = shown.stack;
    std::string text;
    Value frames = Value::array();
    for (std::size_t i = 0; i < stack.frames.size(); ++i) {
      const model::CodeLocation& location = shown.places.location(stack.frames[i]);
      const std::string name =
          location.function.empty() ? fmt::format("{:#x}", location.address) : collect::code_name(location);
      text += fmt::format(" {:>3} {}\n", fmt::format("#{}", i), printable(name));
      frames.push(name);
    }
    if (text.empty()) text = "     (no stack)\n";
    const auto [entry, is_new] = known.try_emplace(text, groups.size());
    if (is_new) groups.push_back({{}, text, std::move(frames)});
    groups[entry->second].tasks.push_back(task);
  }
  std::ranges::stable_sort(groups, [](const Group& a, const Group& b) { return a.tasks.size() > b.tasks.size(); });
  for (Group& group : groups) {
    std::string names;
    Value pids = Value::array();
    constexpr std::size_t kShown = 12;
    for (std::size_t i = 0; i < group.tasks.size(); ++i) {
      pids.push(group.tasks[i]->pid);
      if (i < kShown)
        names += fmt::format("{}{} ({})", i == 0 ? "" : ", ", printable(group.tasks[i]->comm), group.tasks[i]->pid);
    }
    if (group.tasks.size() > kShown) names += fmt::format(" and {} more", group.tasks.size() - kShown);
    Value value = Value::object();
    value.set("tasks", std::move(pids));
    value.set("frames", std::move(group.frames));
    call.output.row(fmt::format("{}{} task{}: {}\n{}", &group == &groups.front() ? "" : "\n", group.tasks.size(),
                                group.tasks.size() == 1 ? "" : "s", names, group.text),
                    value);
  }
}

Result<std::vector<const model::Task*>> chosen_tasks(const Call& call) {
  const model::Snapshot& snapshot = call.snapshot();
  if (call.context.tasks) return *call.context.tasks;
  std::vector<const model::Task*> tasks;
  if (const auto cpus = call.arguments.value("c")) {
    TRY_CHECK(need_machine(call.context, "bt -c"));
    TRY_ASSIGN(const auto numbers, parse_cpus(call, *cpus));
    for (const std::uint32_t number : numbers) {
      const model::Cpu* cpu = snapshot.find_cpu(number);
      if (cpu == nullptr) return fail(ErrorKind::kNotFound, "there is no CPU {}", number);
      if (const model::Task* task = snapshot.find_task(cpu->task)) tasks.push_back(task);
    }
  } else if (call.has("a")) {
    tasks = active_tasks(snapshot);
  } else if (call.has("p")) {
    if (!snapshot.machine.panic_task) return fail(ErrorKind::kNotFound, "no task panicked");
    if (const model::Task* task = snapshot.find_task(*snapshot.machine.panic_task)) tasks.push_back(task);
  } else if (call.has("v")) {
    for (const model::Task& task : snapshot.tasks) tasks.push_back(&task);
  } else {
    return tasks_of(call);
  }
  if (call.has("n")) std::erase_if(tasks, [](const model::Task* task) { return task->is_idle_task; });
  return tasks;
}

Result<void> run(Call& call) {
  if (const auto what = call.arguments.value("n"); what && *what != "idle") {
    return fail(ErrorKind::kUsage, "bt -n leaves out what is \"idle\", not \"{}\"", printable(*what));
  }
  TRY_ASSIGN(const auto tasks, chosen_tasks(call));
  if (call.has("merge")) {
    show_merged(call, tasks);
    return {};
  }
  if (call.has("v")) return show_overrun_stacks(call, tasks);
  if ((call.has("t") || call.has("T") || call.has("r")) && call.context.machine == nullptr) {
    return fail(ErrorKind::kNotFound, "the words of a stack need the memory of the machine");
  }
  bool is_first = true;
  for (const model::Task* task : tasks) {
    if (call.context.is_stopped()) break;
    if (!is_first) call.output.heading("\n");
    show_stack(call, *task);
    is_first = false;
  }
  return {};
}

}  // namespace

extern const Command kBt = {.name = "bt",
                            .usage = "bt [-a|-c CPUS|-p|-v] [-lsxfFetTr] [-n idle] [--merge] [PID|TASK|NAME]…",
                            .help = "stacks: of the panicking task, of those named, or (-a) of all CPUs",
                            .options = kOptions,
                            .per_task = PerTask::kYes,
                            .run = run,
                            .rehearse = [](const model::Snapshot&) {
                              return std::vector<std::string>{"bt -a", "foreach bt"};
                            }};

}  // namespace whyhung::commands
