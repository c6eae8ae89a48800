// SPDX-License-Identifier: GPL-2.0-or-later
// ps: the table of tasks, and what its options make of it: who ran last, how many there are of each state, families.
#include "base/text.h"
#include "commands/command.h"
#include "commands/ps_forms.h"
#include "commands/task_choice.h"
#include "kernel/memory_map.h"

namespace whyhung::commands {
namespace {

constexpr auto kOptions = std::to_array<Option>({{"m", "", "how long ago each last ran, newest first"},
                                                 {"l", "", "when each last ran, newest first"},
                                                 {"S", "", "how many tasks are in each state"},
                                                 {"A", "", "only tasks that run"},
                                                 {"u", "", "only tasks of user space"},
                                                 {"k", "", "only tasks of the kernel"},
                                                 {"G", "", "only leaders of thread groups"},
                                                 {"s", "", "stack pointers in place of task addresses"},
                                                 {"y", "POLICY", "only tasks of these scheduling policies"},
                                                 {"p", "", "each with its parents"},
                                                 {"c", "", "each with its children"},
                                                 {"g", "", "each thread group with its threads"},
                                                 {"t", "", "run time, start time, time in user and kernel mode"},
                                                 {"a", "", "arguments and environment"},
                                                 {"r", "", "resource limits"}});

class TaskTable {
 public:
  explicit TaskTable(Call& call) : call_(call) {
    collect::Workbench* machine = call.context.machine;
    if (machine == nullptr) return;
    kernel::Binder binder(machine->access.types);
    memory_maps_ = kernel::MemoryMapView::bind(binder);
    // Before v6.2 (f1a7941243c1) each task gathered some pages before it added them to its mm's count.
    gathered_ = binder.optional("task_struct", {"rss_stat.count"});
    page_kilobytes_ = machine->target.vmcoreinfo.page_size().value_or(4096) / 1024;
  }

  void write(const std::vector<const model::Task*>& tasks) {
    if (tasks.empty()) return;
    const std::string title = call_.has("s") ? "KSTACKP     " : "  TASK      ";
    call_.output.heading(fmt::format("      PID    PPID  CPU     {:<10}   ST  %MEM      VSZ      RSS  COMM\n", title));
    for (const model::Task* task : tasks) {
      if (call_.context.is_stopped()) return;
      write(*task);
    }
  }

 private:
  void write(const model::Task& task) {
    const std::optional<kernel::MemoryUse> use = use_of(task);
    const bool runs = cpu_running(call_.snapshot(), task) != nullptr;
    const std::string comm = printable(task.comm);
    const bool is_kernel = task.is_kernel_thread || task.is_idle_task;
    const kernel::MemoryUse shown = use.value_or(kernel::MemoryUse{});
    const bool is_known = use || is_kernel;
    std::string text = fmt::format("{} {:>7} {:>7} {:>3}  {:016x}  {}  ", runs ? '>' : ' ', task.pid, parent_of(task),
                                   task.cpu ? std::to_string(*task.cpu) : "?",
                                   call_.has("s") ? stack_pointer(task) : task.address, state_letters(task.state));
    text += is_known ? fmt::format("{:>4.1f} {:>8} {:>8}", share(shown), shown.virtual_pages * page_kilobytes_,
                                   shown.resident_pages * page_kilobytes_)
                     : fmt::format("{:>4} {:>8} {:>8}", "-", "-", "-");
    text += fmt::format("  {}\n", is_kernel ? "[" + comm + "]" : comm);
    call_.output.row([&] { return text; }, [&] { return value_of(task, use); });
  }

  Value value_of(const model::Task& task, const std::optional<kernel::MemoryUse>& use) const {
    Value value = task_value(task);
    if (use) {
      value.set("virtual_kilobytes", use->virtual_pages * page_kilobytes_);
      value.set("resident_kilobytes", use->resident_pages * page_kilobytes_);
    }
    return value;
  }

  // An idle task was made by no process.
  static std::uint32_t parent_of(const model::Task& task) { return task.is_idle_task ? 0 : task.parent_pid; }

  std::uint64_t stack_pointer(const model::Task& task) const {
    if (call_.context.machine == nullptr) return task.stack.frames.empty() ? 0 : task.stack.frames.front().sp;
    const auto& machine = *call_.context.machine;
    return machine.tasks.saved_sp.read(machine.access.memory, VirtualAddress(task.address)).value_or(0);
  }

  std::optional<std::uint64_t> mm_of(const model::Task& task) const {
    const auto& machine = *call_.context.machine;
    const auto mm = machine.tasks.mm.read_pointer(machine.access.memory, VirtualAddress(task.address));
    if (!mm || mm->is_null()) return std::nullopt;
    return mm->value;
  }

  // Pages that the tasks of an mm have gathered; made for all at the first question.
  std::uint64_t gathered_of(std::uint64_t mm) {
    if (!gathered_.exists() || gathered_.element_size() != 4) return 0;
    if (by_mm_.empty()) {
      const auto& machine = *call_.context.machine;
      for (const model::Task& task : call_.snapshot().tasks) {
        const auto owner = task.is_kernel_thread ? std::nullopt : mm_of(task);
        if (!owner) continue;
        // MM_FILEPAGES, MM_ANONPAGES, MM_SHMEMPAGES.
        for (const std::uint64_t kind : {0, 1, 3}) {
          if (kind >= gathered_.element_count()) continue;
          const auto pages = machine.access.memory.read_u32(gathered_.in(VirtualAddress(task.address)) + kind * 4);
          if (pages) by_mm_[*owner] += static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(*pages)});
        }
      }
      by_mm_.try_emplace(0, 0);
    }
    const auto found = by_mm_.find(mm);
    return found == by_mm_.end() ? 0 : found->second;
  }

  std::optional<kernel::MemoryUse> use_of(const model::Task& task) {
    if (call_.context.machine == nullptr || task.is_kernel_thread || task.is_idle_task) return std::nullopt;
    const auto mm = mm_of(task);
    // A task that has given up its memory has none; that is known.
    if (!mm) return kernel::MemoryUse{};
    auto use = memory_maps_.use(call_.machine().access, call_.machine().percpu(), VirtualAddress(*mm));
    if (!use) return std::nullopt;
    const std::uint64_t pages = use->resident_pages + gathered_of(*mm);
    use->resident_pages = static_cast<std::int64_t>(pages) < 0 ? 0 : pages;
    return use;
  }

  double share(const kernel::MemoryUse& use) const {
    const auto& total = call_.snapshot().machine.memory_bytes;
    if (!total || *total == 0) return 0;
    return 100.0 * static_cast<double>(use.resident_pages * page_kilobytes_ * 1024) / static_cast<double>(*total);
  }

  Call& call_;
  kernel::MemoryMapView memory_maps_;
  kernel::Field gathered_;
  std::map<std::uint64_t, std::uint64_t> by_mm_;
  std::uint64_t page_kilobytes_ = 4;
};

// Narrows the choice by the options that take tasks away.
Result<void> narrow(const Call& call, std::vector<const model::Task*>& tasks) {
  const auto keep = [&](auto&& wanted) {
    std::erase_if(tasks, [&](const model::Task* task) { return !wanted(*task); });
  };
  const auto is_kernel = [](const model::Task& task) { return task.is_kernel_thread || task.is_idle_task; };
  if (call.has("A")) keep([&](const model::Task& task) { return cpu_running(call.snapshot(), task) != nullptr; });
  if (call.has("u")) keep([&](const model::Task& task) { return !is_kernel(task); });
  if (call.has("k")) keep(is_kernel);
  if (call.has("G")) keep([](const model::Task& task) { return task.pid == task.tgid; });
  if (const auto text = call.arguments.value("y")) {
    TRY_ASSIGN(const auto policies, parse_policies(*text));
    keep([&](const model::Task& task) { return task.policy && policies.contains(*task.policy); });
  }
  return {};
}

Result<void> run(Call& call) {
  TRY_ASSIGN(auto tasks, call.context.tasks ? Result<std::vector<const model::Task*>>(*call.context.tasks)
                                            : choose_tasks(call.snapshot(), call.words()));
  TRY_CHECK(narrow(call, tasks));
  if (call.has("S")) return show_states(call, tasks);
  if (call.has("m") || call.has("l")) return show_last_runs(call, std::move(tasks));
  if (call.has("p") || call.has("c") || call.has("g")) return show_families(call, tasks);
  if (call.has("t")) return show_times(call, tasks);
  if (call.has("a")) return show_arguments(call, tasks);
  if (call.has("r")) return show_limits(call, tasks);
  TaskTable(call).write(tasks);
  return {};
}

}  // namespace

extern const Command kPs = {
    .name = "ps",
    .usage = "ps [-AGuks] [-m|-l|-S|-p|-c|-g|-t|-a|-r] [-y POLICY] [PID|TASK|NAME|'REGEX'|STATE]…",
    .help = "the table of tasks; > marks those that run",
    .options = kOptions,
    .per_task = PerTask::kYes,
    .run = run,
    .rehearse = [](const model::Snapshot&) {
      return std::vector<std::string>{"ps", "ps -t", "ps -r"};
    }};

}  // namespace whyhung::commands
