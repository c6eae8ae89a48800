// SPDX-License-Identifier: GPL-2.0-or-later
// runq: who runs and who waits on each CPU's runqueue: from the queues themselves, in their order.
#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "commands/command.h"
#include "commands/expression.h"
#include "commands/object.h"
#include "commands/ps_forms.h"
#include "commands/task_choice.h"
#include "kernel/list.h"
#include "kernel/tree.h"

namespace whyhung::commands {
namespace {

constexpr std::size_t kMostTasks = 1u << 18;
constexpr std::size_t kRealTimePriorities = 100;
constexpr unsigned kDeepestGroups = 16;

constexpr auto kOptions = std::to_array<Option>({{"t", "", "the clocks of each CPU"},
                                                 {"T", "", "how late each CPU's clock is"},
                                                 {"m", "", "how long each CPU's task has run"},
                                                 {"g", "", "by the control groups that the tasks are in"},
                                                 {"c", "CPUS", "only these CPUs"}});

std::string task_text(const model::Task& task) {
  return fmt::format("PID: {:<6} TASK: {:016x}  COMMAND: \"{}\"", task.pid, task.address, printable(task.comm));
}

class RunQueues {
 public:
  explicit RunQueues(Call& call)
      : call_(call), binder_(call.machine().access.types), tree_(kernel::RedBlackTreeView::bind(binder_)) {
    for (const model::Task& task : call.snapshot().tasks) by_address_[task.address] = &task;
  }

  Result<void> show(std::uint32_t cpu, bool is_first) {
    const auto at = call_.machine().percpu().find("runqueues", cpu);
    if (!at) return fail(ErrorKind::kNotFound, "this kernel names no runqueues");
    rq_.emplace(call_, "rq", at->value);
    text_ = fmt::format("{}CPU {} RUNQUEUE: {:x}\n", is_first ? "" : "\n", cpu, at->value);
    value_ = Value::object();
    value_.set("cpu", cpu);
    queues_.clear();
    value_.set("runqueue", Value::address(at->value));
    show_current();
    show_real_time();
    show_fair();
    call_.output.row(text_, value_);
    return {};
  }

 private:
  std::string line(std::uint64_t address) const {
    const auto found = by_address_.find(address);
    if (found == by_address_.end()) return fmt::format("TASK: {:x}  (not in the list of tasks)", address);
    const model::Task& task = *found->second;
    return task_text(task);
  }

  void show_current() {
    const auto current = rq_->pointer({"curr"});
    text_ += "  CURRENT: " + (current ? line(*current) : std::string("(unreadable)")) + "\n";
    value_.set("current", current ? Value::address(*current) : Value());
  }

  void show_real_time() {
    const auto array = rq_->place({"rt.active"});
    text_ += fmt::format("  RT PRIO_ARRAY: {}\n", array ? fmt::format("{:x}", *array) : "(unknown)");
    Value queued = Value::array();
    const auto queues = rq_->field({"rt.active.queue"});
    bool any = false;
    if (queues) {
      const std::uint64_t first = queues->in(VirtualAddress(rq_->address())).value;
      for (std::size_t priority = 0; priority < std::min<std::size_t>(kRealTimePriorities, queues->element_count());
           ++priority) {
        const Elements tasks = list_elements(call_, first + priority * 16, "task_struct", "rt.run_list");
        for (const std::uint64_t task : tasks.addresses) {
          text_ += fmt::format("     [{:>3}] {}\n", priority, line(task));
          queued.push(Value::address(task));
          any = true;
        }
        if (!tasks.broken.empty()) text_ += fmt::format("     [{:>3}] (damaged: {})\n", priority, tasks.broken);
      }
    }
    if (!any) text_ += "     [no tasks queued]\n";
    value_.set("real_time", std::move(queued));
  }

  // The entities of a queue and of the groups' queues in it. -g keeps the groups apart.
  void walk_fair(std::uint64_t queue, unsigned depth, std::vector<std::uint64_t>& tasks, std::string& groups) {
    const Object cfs(call_, "cfs_rq", queue);
    const auto root = cfs.pointer({"tasks_timeline.rb_root.rb_node", "tasks_timeline.rb_node"});
    const auto place = call_.machine().access.types.member("sched_entity", "run_node");
    const auto entity_in_task = call_.machine().access.types.member("task_struct", "se");
    if (!place || !entity_in_task || depth == kDeepestGroups || !queues_.insert(queue).second) return;
    std::vector<std::uint64_t> entities;
    if (root) {
      const auto walk = tree_.nodes(call_.machine().access.memory, VirtualAddress(*root), left_);
      left_ -= std::min(left_, walk.nodes.size());
      for (const VirtualAddress node : walk.nodes) entities.push_back((node - place->offset).value);
      if (!walk.broken.empty()) groups += fmt::format("     (the queue is damaged: {})\n", walk.broken);
    }
    // What runs is taken out of the tree.
    if (const auto current = cfs.pointer({"curr"}); current && depth != 0) entities.insert(entities.begin(), *current);
    for (const std::uint64_t entity : entities) {
      const Object se(call_, "sched_entity", entity);
      if (const auto own = se.pointer({"my_q"})) {
        groups += fmt::format("{:{}}GROUP CFS_RQ: {:x}\n", "", 5 + 3 * std::size_t{depth}, *own);
        walk_fair(*own, depth + 1, tasks, groups);
      } else {
        tasks.push_back(entity - entity_in_task->offset);
        groups += fmt::format("{:{}}{}\n", "", 5 + 3 * std::size_t{depth}, line(tasks.back()));
      }
    }
  }

  void show_fair() {
    const auto queue = rq_->place({"cfs"});
    const auto root = rq_->place({"cfs.tasks_timeline"});
    text_ += fmt::format("  CFS RB_ROOT: {}\n", root ? fmt::format("{:x}", *root) : "(unknown)");
    std::vector<std::uint64_t> tasks;
    std::string groups;
    if (queue && tree_.usable()) walk_fair(*queue, 0, tasks, groups);
    const auto current = rq_->pointer({"curr"});
    std::erase_if(tasks, [&](std::uint64_t task) { return current && task == *current; });
    Value queued = Value::array();
    if (call_.has("g")) text_ += groups;
    for (const std::uint64_t task : tasks) {
      if (!call_.has("g")) {
        const Object object(call_, "task_struct", task);
        const auto priority = object.signed_number({"prio"});
        text_ += fmt::format("     [{:>3}] {}\n", priority ? std::to_string(*priority) : "?", line(task));
      }
      queued.push(Value::address(task));
    }
    if (tasks.empty() && (!call_.has("g") || groups.empty())) text_ += "     [no tasks queued]\n";
    value_.set("fair", std::move(queued));
  }

  Call& call_;
  kernel::Binder binder_;
  kernel::RedBlackTreeView tree_;
  std::map<std::uint64_t, const model::Task*> by_address_;
  std::optional<Object> rq_;
  std::set<std::uint64_t> queues_;  // of this CPU, that were walked: damaged groups may lie in each other
  std::size_t left_ = kMostTasks;   // entities that all CPUs together may have
  std::string text_;
  Value value_;
};

// -t, -T, -m: what the clocks say.
Result<void> show_clocks(Call& call, const std::vector<std::uint32_t>& cpus) {
  std::uint64_t newest = 0;
  for (const model::Cpu& cpu : call.snapshot().cpus) newest = std::max(newest, cpu.runqueue.clock.value_or(0));
  for (const std::uint32_t number : cpus) {
    const model::Cpu* cpu = call.snapshot().find_cpu(number);
    if (cpu == nullptr) continue;
    const model::Task* task = call.snapshot().find_task(cpu->task);
    const auto clock = cpu->runqueue.clock;
    Value value = Value::object();
    value.set("cpu", number);
    value.set("clock", shown_value(clock));
    std::string text;
    if (call.has("T")) {
      text = fmt::format("  CPU {:>2}: {}\n", number,
                         clock ? fmt::format("{:.2f} secs", static_cast<double>(newest - *clock) / 1e9) : "?");
    } else if (call.has("m")) {
      const std::uint64_t since = task != nullptr ? task->last_arrival.value_or(0) : 0;
      const std::string ran = clock && since != 0 && *clock >= since ? ago_text(newest - since) : "[? ??:??:??.???]";
      text = fmt::format("  CPU {:>2}: {}  {}", number, ran, task != nullptr ? task_text(*task) + "\n" : "(unknown)\n");
      if (clock && since != 0) value.set("ran_nanoseconds", newest - since);
    } else {
      const std::string arrival =
          task != nullptr && task->last_arrival ? fmt::format("{:>13}", *task->last_arrival) : "?";
      text = fmt::format(" CPU {}: {:>15}\n        {:>15}  {}", number, shown(clock), arrival,
                         task != nullptr ? task_text(*task) + "\n" : "(unknown)\n");
    }
    if (task != nullptr) value.set("pid", task->pid);
    call.output.row(text, value);
  }
  return {};
}

Result<void> run(Call& call) {
  std::vector<std::uint32_t> cpus;
  for (const model::Cpu& cpu : call.snapshot().cpus) cpus.push_back(cpu.number);
  if (const auto text = call.arguments.value("c")) {
    TRY_ASSIGN(cpus, parse_cpus(call, *text));
  }
  if (call.has("t") || call.has("T") || call.has("m")) return show_clocks(call, cpus);
  RunQueues queues(call);
  for (std::size_t i = 0; i < cpus.size() && !call.context.is_stopped(); ++i) TRY_CHECK(queues.show(cpus[i], i == 0));
  return {};
}

}  // namespace

extern const Command kRunq = {.name = "runq",
                              .usage = "runq [-t|-T|-m|-g] [-c CPUS]",
                              .help = "who runs and who waits on each CPU",
                              .options = kOptions,
                              .needs = Needs::kMachine,
                              .run = run,
                              .rehearse = [](const model::Snapshot&) {
                                return std::vector<std::string>{"runq", "runq -g"};
                              }};

}  // namespace whyhung::commands
