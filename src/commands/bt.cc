// SPDX-License-Identifier: GPL-2.0-or-later
// bt: stacks of tasks.
#include <ostream>

#include "collect/stacks.h"
#include "commands/bt.h"
#include "commands/task_choice.h"
#include "report/json_values.h"

namespace whyhung::commands {
namespace {

// The stack in full: collecting keeps no registers of sleeping tasks.
model::StackTrace full_stack(const Context& context, const model::Task& task, const model::Cpu* cpu) {
  if (cpu != nullptr) return cpu->stack;
  if (context.machine == nullptr) return task.stack;
  return collect::stack_of_sleeping_task(*context.machine, VirtualAddress(task.address),
                                         collect::StackDetail::kFramesAndRegisters);
}

Result<void> run(Context& context, const std::vector<std::string>& arguments) {
  const model::Snapshot& snapshot = context.snapshot;
  std::vector<const model::Task*> tasks;
  bool all_active = false;
  auto lines = report::SourceLines::kHide;
  for (const std::string& argument : arguments) {
    if (argument == "-a") {
      all_active = true;
      continue;
    }
    if (argument == "-l") {
      lines = report::SourceLines::kShow;
      continue;
    }
    if (argument.starts_with("-")) return fail(ErrorKind::kUsage, "bt does not know the option {}", argument);
    TRY_ASSIGN(const model::Task* task, task_by_pid_or_address(snapshot, argument));
    tasks.push_back(task);
  }
  if (all_active) tasks = active_tasks(snapshot);
  if (tasks.empty()) {
    if (const model::Task* task = default_task(snapshot)) tasks.push_back(task);
  }
  if (tasks.empty()) return fail(ErrorKind::kNotFound, "no task is known");
  write_backtraces(context, tasks, lines);
  return {};
}

}  // namespace

void write_backtraces(Context& context, const std::vector<const model::Task*>& tasks, report::SourceLines lines) {
  if (context.format == Format::kJson) context.out << "[";
  bool first = true;
  for (const model::Task* listed : tasks) {
    // Walking stacks may grow the snapshot's tables, but never moves its tasks.
    const model::Cpu* cpu = cpu_running(context.snapshot, *listed);
    const model::StackTrace stack = full_stack(context, *listed, cpu);
    if (context.machine != nullptr) context.machine->add_lines(stack);
    if (context.format == Format::kJson) {
      report::Json json = report::task_json(*listed);
      if (cpu != nullptr) json["registers"] = report::registers_json(cpu->registers);
      json["stack"] = report::stack_json(context.snapshot, stack);
      context.out << (first ? "\n" : ",\n") << json.dump(-1, ' ', false, report::Json::error_handler_t::replace);
    } else {
      if (!first) context.out << "\n";
      report::write_backtrace(context.out, context.snapshot, *listed, stack, cpu, lines);
    }
    first = false;
  }
  if (context.format == Format::kJson) context.out << "]";
}

const Command kBt = {
    .name = "bt",
    .alias = "",
    .usage = "bt [-a] [-l] [PID|TASK]…",
    .help = "stacks: of the panicking task, of the tasks named, or (-a) of all CPUs; -l adds source lines",
    .run = run};

}  // namespace whyhung::commands
