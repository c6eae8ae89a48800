// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/task.h"

#include <algorithm>
#include <unordered_set>

#include "kernel/list.h"

namespace whyhung::kernel {
namespace {

constexpr std::size_t kMostTasks = 4u << 20;  // PID_MAX_LIMIT
constexpr std::size_t kMostStateNames = 16;

constexpr std::uint64_t kInterruptible = 1;
constexpr std::uint64_t kUninterruptible = 2;
constexpr std::uint64_t kStopped = 4;
constexpr std::uint64_t kTraced = 8;
// v4.8 (7dc603c9028e): TASK_NEW. v5.16 (5f220be21418): TASK_RTLOCK_WAIT, asleep for a lock that spins on other kernels.
constexpr std::uint64_t kNew = 0x800;
constexpr std::uint64_t kRtLockWait = 0x1000;

}  // namespace

namespace {

// Of a stack in vmalloc space, by the pages that were mapped for it. The first task's is part of the kernel image; the
// next one in the list has one like all others.
std::uint64_t size_of_mapped_stack(const Access& access, Binder& binder) {
  constexpr std::uint64_t kMostPages = 256;
  const Field tasks = binder.optional("task_struct", {"tasks"});
  const Field area = binder.optional("task_struct", {"stack_vm_area"});
  const Field bytes = binder.optional("vm_struct", {"size"});
  const Field pages = binder.optional("vm_struct", {"nr_pages"});
  const auto init_task = access.symbols.address_of("init_task");
  if (!init_task || !tasks.exists() || !area.exists() || !bytes.exists() || !pages.exists()) return 0;
  const auto next = access.memory.read_pointer(tasks.in(*init_task));
  if (!next) return 0;
  const auto mapping = area.read_pointer(access.memory, tasks.container(*next));
  if (!mapping || mapping->is_null()) return 0;
  const auto size = bytes.read(access.memory, *mapping);
  const auto count = pages.read(access.memory, *mapping);
  // The area has one page more, which is never mapped and guards the end.
  if (!size || !count || *count == 0 || *count > kMostPages || *size % (*count + 1) != 0) return 0;
  return *size / (*count + 1) * *count;
}

// THREAD_SIZE, from the union that every stack is, else from the linker's marks around the first task's stack
// (include/asm-generic/vmlinux.lds.h), between which powerpc has another one besides. v6.10 (8f69cba096b5): the marks
// are called __start_init_stack.
std::uint64_t find_stack_size(const Access& access, Binder& binder) {
  constexpr std::uint64_t kSmallest = 4096;
  constexpr std::uint64_t kLargest = 1 << 20;
  const Field stack = binder.optional("thread_union", {"stack"});
  if (stack.exists() && stack.size() >= kSmallest && stack.size() <= kLargest) return stack.size();
  for (const auto& [start_name, end_name] :
       {std::pair{"__start_init_stack", "__end_init_stack"}, std::pair{"__start_init_task", "__end_init_task"}}) {
    const auto start = access.symbols.address_of(start_name);
    const auto end = start ? access.symbols.address_of(end_name) : std::nullopt;
    if (end && *end - *start >= kSmallest && *end - *start <= kLargest) return *end - *start;
  }
  return size_of_mapped_stack(access, binder);
}

}  // namespace

TaskView TaskView::bind(const Access& access, Binder& binder) {
  TaskView v;
  // v5.14 (2f064a59a11f): state became __state, a 32-bit word.
  v.state = binder.required("task_struct", {"__state", "state"});
  v.exit_state = binder.required("task_struct", {"exit_state"});
  v.flags = binder.required("task_struct", {"flags"});
  v.on_cpu = binder.optional("task_struct", {"on_cpu"});
  v.on_rq = binder.required("task_struct", {"on_rq"});
  // v5.16 (bcf9033e5449): back into thread_info on x86, where it was before v4.9 too.
  v.cpu = binder.optional("task_struct", {"thread_info.cpu", "cpu"});
  v.pid = binder.required("task_struct", {"pid"});
  v.tgid = binder.required("task_struct", {"tgid"});
  v.real_parent = binder.required("task_struct", {"real_parent"});
  v.comm = binder.required("task_struct", {"comm"});
  v.stack = binder.required("task_struct", {"stack"});
  v.policy = binder.required("task_struct", {"policy"});
  v.prio = binder.required("task_struct", {"prio"});
  // v3.17 (ccbf62d8a284): nanoseconds; a struct timespec before.
  v.start_seconds = binder.optional("task_struct", {"start_time.tv_sec"});
  v.start_nanoseconds = binder.optional("task_struct", {"start_time.tv_nsec"});
  if (!v.start_seconds.exists()) v.start_time = binder.optional("task_struct", {"start_time"});
  v.last_arrival = binder.optional("task_struct", {"sched_info.last_arrival"});
  v.last_queued = binder.optional("task_struct", {"sched_info.last_queued"});
  v.saved_sp = binder.required("task_struct", {"thread.sp", "thread.ksp", "thread.cpu_context.sp"});
  v.jobctl = binder.optional("task_struct", {"jobctl"});
  v.frozen = binder.optional("task_struct", {"frozen"});
  v.mm = binder.required("task_struct", {"mm"});
  v.tasks = binder.required("task_struct", {"tasks"});
  // v6.7 (8e1f385104ac): thread_group is gone, signal->thread_head and thread_node remain.
  v.thread_node = binder.optional("task_struct", {"thread_node"});
  v.thread_group = binder.optional("task_struct", {"thread_group"});
  v.signal = binder.optional("task_struct", {"signal"});
  v.thread_head = binder.optional("signal_struct", {"thread_head"});
  // v4.19 (2c4704756cab): an array of hlist_node directly in the task.
  v.pid_links = binder.optional("task_struct", {"pid_links"});
  v.set_child_tid = binder.optional("task_struct", {"set_child_tid"});
  v.worker_private = binder.optional("task_struct", {"worker_private"});
  v.vfork_done = binder.optional("task_struct", {"vfork_done"});
  v.thread_info_flags = binder.optional("task_struct", {"thread_info.flags"});
  v.thread_info_cpu = binder.optional("thread_info", {"cpu"});
  v.stack_size = find_stack_size(access, binder);
  return v;
}

ReadResult<std::uint64_t> TaskView::cpu_of(const VirtualMemory& memory, VirtualAddress task) const {
  if (cpu.exists()) return cpu.read(memory, task);
  // v4.9 (c65eacbe290b): thread_info may be part of the task; before, it lies at the low end of the task's stack.
  const auto info = stack.read_pointer(memory, task);
  if (!info) return tl::unexpected(info.error());
  return thread_info_cpu.read(memory, *info);
}

ReadResult<std::uint64_t> TaskView::start_time_of(const VirtualMemory& memory, VirtualAddress task) const {
  if (!start_seconds.exists()) return start_time.read(memory, task);
  constexpr std::uint64_t kSecond = 1'000'000'000;
  const auto seconds = start_seconds.read(memory, task);
  const auto rest = start_nanoseconds.read(memory, task);
  if (!seconds) return seconds;
  if (!rest) return rest;
  return *seconds * kSecond + *rest;
}

bool is_frozen(const Access& access, const TaskView& view, VirtualAddress task, std::uint64_t state) {
  // v6.1: TASK_FROZEN, in which the freezer of version 1 and of a suspend keep a task. No other state
  // ever had this bit.
  constexpr std::uint64_t kTaskFrozen = 0x8000;
  if ((state & kTaskFrozen) != 0) return true;
  // v5.2: the freezer of version 2. The bit `frozen` alone also marks who merely counts as frozen: a
  // stopped task, or one that waits for its vfork() child.
  constexpr std::uint64_t kTrapFreeze = 1u << 23;  // JOBCTL_TRAP_FREEZE
  const auto frozen = view.frozen.read(access.memory, task);
  const auto jobctl = view.jobctl.read(access.memory, task);
  return frozen && jobctl && *frozen != 0 && (*jobctl & kTrapFreeze) != 0;
}

TaskStates TaskStates::read(const Access& access) {
  TaskStates states;
  const auto array = access.symbols.address_of("task_state_array");
  if (!array) return states;
  // Entry i > 0 names the state of bit i − 1: "R (running)", "S (sleeping)", … (fs/proc/array.c). The letters moved
  // with v3.14 (ad86622b478e) and v4.14 (8ef9925b02c2); bits behind the reported ones are fixed relative to them.
  bool has_wakekill_name = false;
  for (std::size_t i = 1; i < kMostStateNames; ++i) {
    const auto name_at = access.memory.read_pointer(*array + i * 8);
    if (!name_at) break;
    const auto name = access.memory.read_c_string(*name_at, 32);
    if (!name || name->size() < 4 || (*name)[1] != ' ' || (*name)[2] != '(') break;
    const std::uint64_t bit = 1ull << (i - 1);
    if (name->starts_with("Z (zombie)")) states.zombie_ = bit;
    if (name->starts_with("X (dead)")) states.dead_ = bit;
    if (name->starts_with("P (parked)")) states.parked_ = bit;
    if (name->starts_with("K (wakekill)")) {
      states.wakekill_ = bit;
      has_wakekill_name = true;
    }
  }
  if (has_wakekill_name) states.no_load_ = 0;  // so old that TASK_NOLOAD (v4.2) does not exist
  return states;
}

TaskStates::Kind TaskStates::classify(std::uint64_t state, std::uint64_t exit_state) const {
  if ((exit_state & zombie_) != 0) return Kind::kZombie;
  if ((exit_state & dead_) != 0) return Kind::kDead;
  if (state == 0) return Kind::kRunning;
  if ((state & kUninterruptible) != 0) return (state & no_load_) != 0 ? Kind::kIdle : Kind::kUninterruptible;
  if ((state & kInterruptible) != 0) return Kind::kInterruptible;
  if ((state & kStopped) != 0) return Kind::kStopped;
  if ((state & kTraced) != 0) return Kind::kTraced;
  if ((state & parked_) != 0) return Kind::kParked;
  if ((state & kRtLockWait) != 0) return Kind::kUninterruptible;
  if ((state & kNew) != 0) return Kind::kNew;
  return Kind::kUnknown;
}

namespace {

using WillRead = std::function<void(std::span<const VirtualAddress>)>;

// Breadth first: idr nodes, then struct pid, then tasks. Each thread has a pid, so threads need no walk of their own.
// What cannot be read is left out, and `broken` says so.
std::optional<TaskList> tasks_of_pid_tree(const Access& access, const TaskView& view, const XArrayView& xarray,
                                          const WillRead& will_read) {
  Binder binder(access.types);
  const Field pid_tasks = binder.optional("pid", {"tasks"});
  const Field idr_tree = binder.optional("pid_namespace", {"idr.idr_rt"});
  const auto name_space = access.symbols.address_of("init_pid_ns");
  if (!xarray.usable() || !pid_tasks.exists() || !idr_tree.exists() || !view.pid_links.exists() || !name_space) {
    return std::nullopt;
  }
  auto pids = xarray.entries(access.memory, idr_tree.in(*name_space), kMostTasks, will_read);
  if (pids.entries.empty()) return std::nullopt;
  TaskList list;
  list.from_pid_tree = true;
  if (!pids.broken.empty()) list.broken = "the tree of pids: " + pids.broken;
  will_read(pids.entries);
  for (const VirtualAddress pid : pids.entries) {
    // tasks[PIDTYPE_PID] is an hlist_head; a pid that only names a group or session has none.
    const auto first = access.memory.read_pointer(pid_tasks.in(pid));
    if (!first) {
      if (list.broken.empty()) {
        list.broken = fmt::format("struct pid at {:#x}: {}", pid.value, describe(first.error().kind));
      }
      continue;
    }
    if (!first->is_null()) list.tasks.push_back(view.pid_links.container(*first));
  }
  return list;
}

void append_threads(const Access& access, const TaskView& view, VirtualAddress leader, TaskList& list) {
  ListWalk threads;
  const bool by_signal = view.thread_node.exists() && view.thread_head.exists();
  const Field& link = by_signal ? view.thread_node : view.thread_group;
  if (by_signal) {
    const auto signal = view.signal.read_pointer(access.memory, leader);
    if (!signal) return;
    threads = walk_list(access.memory, view.thread_head.in(*signal), kMostTasks);
  } else if (view.thread_group.exists()) {
    threads = walk_list(access.memory, view.thread_group.in(leader), kMostTasks);
  }
  for (const VirtualAddress node : threads.nodes) {
    const VirtualAddress task = link.container(node);
    if (task != leader) list.tasks.push_back(task);
  }
  if (!threads.complete() && list.broken.empty()) list.broken = "a thread list: " + threads.broken;
}

// From the end of a list on, by the `prev` pointers: what lies behind a node that cannot be read. Nearest to it last.
std::vector<VirtualAddress> walk_backwards(const VirtualMemory& memory, VirtualAddress head) {
  constexpr std::uint64_t kPrevious = 8;
  std::vector<VirtualAddress> nodes;
  std::unordered_set<VirtualAddress> seen;
  for (auto at = memory.read_pointer(head + kPrevious);
       at && *at != head && !at->is_null() && nodes.size() < kMostTasks; at = memory.read_pointer(*at + kPrevious)) {
    if (!seen.insert(*at).second) break;
    nodes.push_back(*at);
  }
  return nodes;
}

// The list of thread groups, from both ends when it is torn, and the threads of each.
TaskList tasks_of_lists(const Access& access, const TaskView& view) {
  TaskList list;
  const auto init_task = access.symbols.address_of("init_task");
  if (!init_task || !view.tasks.exists()) {
    list.broken = "neither the pid tree nor the task list can be reached";
    return list;
  }
  ListWalk leaders = walk_list(access.memory, view.tasks.in(*init_task), kMostTasks);
  if (!leaders.complete()) {
    list.broken = "the task list: " + leaders.broken;
    const auto from_behind = walk_backwards(access.memory, view.tasks.in(*init_task));
    std::unordered_set<VirtualAddress> known(leaders.nodes.begin(), leaders.nodes.end());
    for (auto node = from_behind.rbegin(); node != from_behind.rend(); ++node) {
      if (known.insert(*node).second) leaders.nodes.push_back(*node);
    }
  }
  for (const VirtualAddress node : leaders.nodes) {
    const VirtualAddress leader = view.tasks.container(node);
    list.tasks.push_back(leader);
    append_threads(access, view, leader, list);
  }
  return list;
}

}  // namespace

TaskList find_all_tasks(const Access& access, const TaskView& view, const XArrayView& xarray,
                        const std::function<void(std::span<const VirtualAddress>)>& will_read) {
  auto list = tasks_of_pid_tree(access, view, xarray, will_read);
  if (!list) return tasks_of_lists(access, view);
  if (list->broken.empty()) return std::move(*list);
  TaskList others = tasks_of_lists(access, view);
  if (others.broken.empty()) return others;
  // Each of the two ways may know what is missing in the other.
  std::unordered_set<VirtualAddress> seen(list->tasks.begin(), list->tasks.end());
  for (const VirtualAddress task : others.tasks) {
    if (seen.insert(task).second) list->tasks.push_back(task);
  }
  return std::move(*list);
}

}  // namespace whyhung::kernel
