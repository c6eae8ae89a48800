// SPDX-License-Identifier: GPL-2.0-or-later
// vtop: where a virtual address lies in physical memory.
#include "base/text.h"
#include "commands/command.h"
#include "commands/expression.h"
#include "commands/process_memory.h"
#include "commands/task_choice.h"

namespace whyhung::commands {
namespace {

constexpr auto kOptions = std::to_array<Option>({{"c", "PID|TASK", "addresses of this process"},
                                                 {"u", "", "addresses of the task that is set"},
                                                 {"k", "", "addresses of the kernel"}});

Result<PhysicalAddress> root_of(Call& call, const model::Task& task) {
  const auto process = ProcessMemory::open(call.machine(), task);
  if (!process)
    return fail(ErrorKind::kNotFound, "{} ({}) has no memory of its own that could be read", printable(task.comm),
                task.pid);
  return process->root();
}

Result<void> run(Call& call) {
  if (call.words().empty()) return fail(ErrorKind::kUsage, "vtop wants an address: vtop init_task");
  collect::Workbench& machine = call.machine();
  std::optional<PhysicalAddress> root;
  if (const auto who = call.arguments.value("c")) {
    TRY_ASSIGN(const model::Task* task, task_by_pid_or_address(call.snapshot(), *who));
    TRY_ASSIGN(root, root_of(call, *task));
  } else if (call.has("u")) {
    const model::Task* task = current_task(call);
    if (task == nullptr) return fail(ErrorKind::kNotFound, "no task is set");
    TRY_ASSIGN(root, root_of(call, *task));
  }
  for (const std::string& word : call.words()) {
    TRY_ASSIGN(const std::uint64_t address, parse_address(call, word));
    std::optional<std::uint64_t> physical;
    FaultKind why = FaultKind::kNotMapped;
    if (root) {
      const auto found = machine.target.address_space->translate_user(*root, VirtualAddress(address));
      if (found) physical = found->physical.value;
      if (!found) why = found.error().kind;
    } else {
      const auto found = machine.target.memory->translate(VirtualAddress(address));
      if (found) physical = found->value;
      if (!found) why = found.error().kind;
    }
    Value row = Value::object();
    row.set("virtual", Value::address(address));
    row.set("physical", physical ? Value::address(*physical) : Value());
    if (!physical) row.set("why", describe(why));
    call.output.row(fmt::format("VIRTUAL           PHYSICAL        \n{:<16x}  {}\n\n", address,
                                physical ? fmt::format("{:x}", *physical) : fmt::format("({})", describe(why))),
                    row);
  }
  return {};
}

}  // namespace

extern const Command kVirtualToPhysical = {.name = "vtop",
                                           .usage = "vtop [-k] [-u] [-c PID|TASK] ADDRESS…",
                                           .help = "the physical address behind a virtual one",
                                           .options = kOptions,
                                           .needs = Needs::kMachine,
                                           .run = run};

}  // namespace whyhung::commands
