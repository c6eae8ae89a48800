// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/tasks.h"

#include <algorithm>
#include <unordered_set>

#include "model/gap_kinds.h"
#include "names/meaning.h"

namespace whyhung::collect {
namespace {

model::TaskState to_model(kernel::TaskStates::Kind kind) {
  using Kind = kernel::TaskStates::Kind;
  switch (kind) {
    case Kind::kRunning: return model::TaskState::kRunning;
    case Kind::kInterruptible: return model::TaskState::kInterruptible;
    case Kind::kUninterruptible: return model::TaskState::kUninterruptible;
    case Kind::kIdle: return model::TaskState::kIdle;
    case Kind::kStopped: return model::TaskState::kStopped;
    case Kind::kTraced: return model::TaskState::kTraced;
    case Kind::kParked: return model::TaskState::kParked;
    case Kind::kZombie: return model::TaskState::kZombie;
    case Kind::kDead: return model::TaskState::kDead;
    case Kind::kNew: return model::TaskState::kRunning;
    case Kind::kUnknown: return model::TaskState::kUnknown;
  }
  return model::TaskState::kUnknown;
}

template <typename T>
std::optional<T> optional_of(const ReadResult<std::uint64_t>& value) {
  if (!value) return std::nullopt;
  return static_cast<T>(*value);
}

void read_scheduling(const Workbench& bench, VirtualAddress task, model::Task& out) {
  const VirtualMemory& memory = bench.access.memory;
  const kernel::TaskView& view = bench.tasks;
  out.cpu = optional_of<std::uint32_t>(view.cpu_of(memory, task));
  out.policy = optional_of<std::uint32_t>(view.policy.read(memory, task));
  if (const auto priority = view.prio.read_signed(memory, task)) {
    out.priority = static_cast<std::int32_t>(*priority);
  }
  out.last_arrival = optional_of<std::uint64_t>(view.last_arrival.read(memory, task));
  const auto queued = view.last_queued.read(memory, task);
  if (queued && *queued != 0) out.last_queued = *queued;
  out.start_time = optional_of<std::uint64_t>(view.start_time_of(memory, task));
}

void read_thread_function(Workbench& bench, VirtualAddress task, model::Task& out) {
  if (!bench.kthreads.thread_function.exists()) return;
  const auto kthread = kernel::kthread_of(bench.access, bench.tasks, bench.kthreads, task);
  if (!kthread) return;
  const auto function = bench.kthreads.thread_function.read_pointer(bench.access.memory, *kthread);
  if (!function || function->is_null()) return;
  const model::CodeLocation& location = bench.snapshot.locations[bench.locate(*function, *function)];
  out.thread_function = location.function;
  out.thread_function_module = location.module;
}

// What keeps a runnable task from its CPU although nobody has it.
void read_throttle(const Workbench& bench, VirtualAddress task, model::Task& out) {
  if (!out.queues_for_cpu() || !out.cpu) return;
  auto throttle = bench.cpu_bandwidth.throttle_of(bench.access.memory, task, *out.cpu);
  if (!throttle) return;
  out.throttle = {std::move(throttle->group), throttle->quota, throttle->period, throttle->throttled,
                  throttle->until_user_mode};
}

// Before v6.1 the freezer of version 1 and that of a suspend showed in flags whose bits have other meanings now.
bool stands_in_freezer(const Workbench& bench, const model::Task& task) {
  constexpr std::size_t kInnermost = 4;
  const auto frames = std::span(task.stack.frames).first(std::min(task.stack.frames.size(), kInnermost));
  return std::ranges::any_of(frames, [&](const model::StackFrame& frame) {
    return bench.snapshot.location(frame).meanings.has(names::Meaning::kFreezes);
  });
}

// The parent's process id, as `ps` shows it.
std::uint32_t parent_of(const Workbench& bench, VirtualAddress task) {
  const auto parent = bench.tasks.real_parent.read_pointer(bench.access.memory, task);
  if (!parent) return 0;
  const auto pid = bench.tasks.tgid.read(bench.access.memory, *parent);
  return pid ? static_cast<std::uint32_t>(*pid) : 0;
}

// Why a task structure cannot be read: of the members without which it is none, the first one's reason.
ReadFault first_fault(const Workbench& bench, VirtualAddress task) {
  const VirtualMemory& memory = bench.access.memory;
  if (const auto pid = bench.tasks.pid.read(memory, task); !pid) return pid.error();
  if (const auto state = bench.tasks.state.read(memory, task); !state) return state.error();
  if (const auto comm = bench.tasks.comm.read_text(memory, task); !comm) return comm.error();
  return {FaultKind::kCorrupt, task.value};
}

}  // namespace

std::optional<model::Task> read_task(Workbench& bench, VirtualAddress task) {
  const VirtualMemory& memory = bench.access.memory;
  const kernel::TaskView& view = bench.tasks;
  const auto pid = view.pid.read(memory, task);
  const auto state = view.state.read(memory, task);
  const auto comm = view.comm.read_text(memory, task);
  if (!pid || !state || !comm) return std::nullopt;
  model::Task out;
  out.address = task.value;
  out.pid = static_cast<std::uint32_t>(*pid);
  out.tgid = static_cast<std::uint32_t>(view.tgid.read(memory, task).value_or(*pid));
  out.comm = *comm;
  out.raw_state = *state;
  out.exit_state = optional_of<std::uint64_t>(view.exit_state.read(memory, task));
  const kernel::TaskStates::Kind kind = bench.task_states.classify(*state, out.exit_state.value_or(0));
  out.state = to_model(kind);
  out.killable_wait = bench.task_states.is_killable(*state);
  out.frozen = kernel::is_frozen(bench.access, view, task, *state);
  if (const auto flags = view.flags.read(memory, task)) out.is_kernel_thread = (*flags & kernel::kFlagKthread) != 0;
  // A kernel without SMP has no on_cpu.
  if (const auto on_cpu = view.on_cpu.read(memory, task)) out.on_cpu = *on_cpu != 0;
  if (const auto on_rq = view.on_rq.read(memory, task)) out.on_runqueue = *on_rq != 0;
  out.stack_base = view.stack.read(memory, task).value_or(0);
  out.stack_size = static_cast<std::uint32_t>(view.stack_size);
  out.parent_pid = parent_of(bench, task);
  read_scheduling(bench, task, out);
  // What it has of a scheduler's times is left from its parent.
  if (kind == kernel::TaskStates::Kind::kNew) {
    out.last_arrival.reset();
    out.last_queued.reset();
  }
  read_throttle(bench, task, out);
  if (out.is_kernel_thread) read_thread_function(bench, task, out);
  return out;
}

void name_thread_function_by_stack(const Workbench& bench, model::Task& task) {
  if (!task.is_kernel_thread || !task.thread_function.empty()) return;
  const std::vector<model::StackFrame>& frames = task.stack.frames;
  for (std::size_t i = 1; i < frames.size(); ++i) {
    const model::CodeLocation& starter = bench.snapshot.location(frames[i]);
    if (!starter.meanings.has(names::Meaning::kStartsThread)) continue;
    const model::CodeLocation& called = bench.snapshot.location(frames[i - 1]);
    const bool is_early = called.meanings.has(names::Meaning::kPrecedesThread);
    const model::FrameOrigin origin = frames[i].origin;
    const bool is_caller = origin == model::FrameOrigin::kCall || origin == model::FrameOrigin::kLinkRegister;
    if (is_early || !is_caller) return;
    task.thread_function = called.function;
    task.thread_function_module = called.module;
    return;
  }
}

void collect_tasks(Workbench& bench) {
  std::unordered_set<std::uint64_t> running;
  std::vector<VirtualAddress> idle;
  for (const std::uint32_t cpu : bench.percpu().possible()) {
    const auto runqueue = bench.percpu().find("runqueues", cpu);
    if (!runqueue) continue;
    if (const auto task = bench.runqueues.current.read_pointer(bench.access.memory, *runqueue)) {
      running.insert(task->value);
    }
    if (const auto task = kernel::current_task_variable(bench.access, bench.percpu(), cpu)) running.insert(task->value);
    if (const auto task = bench.runqueues.idle.read_pointer(bench.access.memory, *runqueue)) {
      if (!task->is_null()) idle.push_back(*task);
    }
  }
  const auto will_read = [](std::span<const VirtualAddress>) {};
  const kernel::TaskList list = kernel::find_all_tasks(bench.access, bench.tasks, bench.xarray, will_read);
  if (!list.broken.empty()) bench.gap(std::string(model::kGapTaskList), list.broken);
  std::size_t unreadable = 0;
  std::string why;
  std::unordered_set<std::uint64_t> seen;
  const auto add = [&](VirtualAddress address, bool is_idle) {
    if (!seen.insert(address.value).second) return;
    auto task = read_task(bench, address);
    if (!task) {
      if (unreadable++ == 0) why = to_error(first_fault(bench, address), "struct task_struct").what;
      return;
    }
    task->is_idle_task = is_idle;
    if (!running.contains(address.value)) {
      task->stack = stack_of_sleeping_task(bench, address, StackDetail::kFrames);
      name_thread_function_by_stack(bench, *task);
      task->frozen |= stands_in_freezer(bench, *task);
    }
    bench.snapshot.tasks.push_back(std::move(*task));
  };
  for (const VirtualAddress task : idle) add(task, true);
  const auto first_other = static_cast<std::ptrdiff_t>(bench.snapshot.tasks.size());
  for (const VirtualAddress task : list.tasks) add(task, false);
  // One that exits is on no list any more while it still runs; and a list may be broken.
  for (const std::uint64_t task : running) {
    if (task != 0) add(VirtualAddress(task), false);
  }
  std::sort(bench.snapshot.tasks.begin() + first_other, bench.snapshot.tasks.end(),
            [](const model::Task& a, const model::Task& b) { return a.pid < b.pid; });
  if (unreadable != 0) {
    const std::string count =
        unreadable == 1 ? "1 task structure is" : fmt::format("{} task structures are", unreadable);
    bench.gap(std::string(model::kGapTasks), fmt::format("{} not in the dump, the first: {}", count, why));
  }
  bench.snapshot.machine.task_count = bench.snapshot.tasks.size();
}

}  // namespace whyhung::collect
