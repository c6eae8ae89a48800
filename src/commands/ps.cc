// SPDX-License-Identifier: GPL-2.0-or-later
// ps: the table of tasks, as crash prints it.
#include "commands/ps.h"

#include <ostream>

#include "base/text.h"
#include "commands/task_choice.h"
#include "kernel/memory_map.h"
#include "report/json_values.h"

namespace whyhung::commands {
namespace {

Result<void> run(Context& context, const std::vector<std::string>& arguments) {
  TRY_ASSIGN(const auto tasks, choose_tasks(context.snapshot, arguments));
  write_task_table(context, tasks);
  return {};
}

class TaskTable {
 public:
  explicit TaskTable(Context& context) : context_(context), machine_(context.machine) {
    if (machine_ == nullptr) return;
    kernel::Binder binder(machine_->access.types);
    memory_maps_ = kernel::MemoryMapView::bind(binder);
    page_kilobytes_ = machine_->target.vmcoreinfo.page_size().value_or(4096) / 1024;
  }

  void write_text(const std::vector<const model::Task*>& tasks) {
    context_.out << "      PID    PPID  CPU       TASK        ST  %MEM      VSZ      RSS  COMM\n";
    for (const model::Task* task : tasks) {
      const bool runs = cpu_running(context_.snapshot, *task) != nullptr;
      const std::string comm = printable(task->comm);
      const bool is_kernel = task->is_kernel_thread || task->is_idle_task;
      context_.out << fmt::format("{} {:>7} {:>7} {:>4}  {:016x}  {}  {}  {}\n", runs ? '>' : ' ', task->pid,
                                  task->parent_pid, task->cpu ? std::to_string(*task->cpu) : "?", task->address,
                                  state_letters(task->state), columns(use_of(*task)),
                                  is_kernel ? "[" + comm + "]" : comm);
    }
  }

  void write_json(const std::vector<const model::Task*>& tasks) {
    context_.out << "[";
    const char* separator = "\n";
    for (const model::Task* task : tasks) {
      const auto use = use_of(*task);
      report::Json json = report::task_json(*task);
      if (use) {
        json["virtual_kilobytes"] = use->virtual_pages * page_kilobytes_;
        json["resident_kilobytes"] = use->resident_pages * page_kilobytes_;
      }
      context_.out << separator << json.dump(-1, ' ', false, report::Json::error_handler_t::replace);
      separator = ",\n";
    }
    context_.out << "]";
  }

 private:
  // Nothing when there is no memory to look at.
  std::optional<kernel::MemoryUse> use_of(const model::Task& task) const {
    if (machine_ == nullptr) return std::nullopt;
    const auto mm = machine_->tasks.mm.read_pointer(machine_->access.memory, VirtualAddress(task.address));
    if (!mm || mm->is_null()) return kernel::MemoryUse{};
    return memory_maps_.use(machine_->access, machine_->percpu(), *mm).value_or(kernel::MemoryUse{});
  }
  // The columns %MEM, VSZ and RSS.
  std::string columns(const std::optional<kernel::MemoryUse>& use) const {
    if (!use) return fmt::format("{:>4} {:>8} {:>8}", "-", "-", "-");
    return fmt::format("{:>4.1f} {:>8} {:>8}", share(*use), use->virtual_pages * page_kilobytes_,
                       use->resident_pages * page_kilobytes_);
  }
  double share(const kernel::MemoryUse& use) const {
    const auto& total = context_.snapshot.machine.memory_bytes;
    if (!total || *total == 0) return 0;
    return 100.0 * static_cast<double>(use.resident_pages * page_kilobytes_ * 1024) / static_cast<double>(*total);
  }

  Context& context_;
  collect::Workbench* machine_;
  kernel::MemoryMapView memory_maps_;
  std::uint64_t page_kilobytes_ = 4;
};

}  // namespace

void write_task_table(Context& context, const std::vector<const model::Task*>& tasks) {
  TaskTable table(context);
  if (context.format == Format::kJson) {
    table.write_json(tasks);
  } else {
    table.write_text(tasks);
  }
}

const Command kPs = {.name = "ps",
                     .alias = "",
                     .usage = "ps [PID|TASK|NAME|STATE]…",
                     .help = "the table of tasks; > marks those that run",
                     .run = run};

}  // namespace whyhung::commands
