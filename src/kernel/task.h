// SPDX-License-Identifier: GPL-2.0-or-later
// struct task_struct and what hangs on it: state, identity, stack, and how to find all tasks
// (include/linux/sched.h, include/linux/pid.h, include/linux/sched/signal.h).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kernel/fields.h"
#include "kernel/xarray.h"

namespace whyhung::kernel {

// Bits of task_struct.flags that have kept their place since v2.6 (PF_KTHREAD) and since v3.10.
inline constexpr std::uint64_t kFlagExiting = 0x4;
inline constexpr std::uint64_t kFlagKthread = 0x00200000;

struct TaskView {
  static TaskView bind(const Access& access, Binder& binder);

  Field state, exit_state, flags, on_cpu, on_rq, cpu, pid, tgid, real_parent, comm, stack, policy, prio, start_time;
  Field last_arrival, last_queued;  // sched_info, CONFIG_SCHED_INFO
  Field saved_sp;                   // thread.sp: kernel stack pointer of a task that is switched out
  Field jobctl, frozen;             // v5.2: the cgroup freezer
  Field mm, tasks, thread_node, thread_group, signal, thread_head, pid_links, set_child_tid, worker_private, vfork_done;
  Field thread_info_flags, thread_info_cpu;
  Field start_seconds, start_nanoseconds;  // of kernels whose start_time is a struct timespec
  std::uint64_t stack_size = 0;            // bytes; 0: unknown

  // The CPU that the task runs on or ran on last.
  ReadResult<std::uint64_t> cpu_of(const VirtualMemory& memory, VirtualAddress task) const;
  // CLOCK_MONOTONIC nanoseconds.
  ReadResult<std::uint64_t> start_time_of(const VirtualMemory& memory, VirtualAddress task) const;
};

// Whether the cgroup freezer, or that of a suspend, keeps `task` from running. `state` as it stands in task_struct.
bool is_frozen(const Access& access, const TaskView& view, VirtualAddress task, std::uint64_t state);

// How the kernel at hand writes its task states: the bit of each letter, read from its own task_state_array.
class TaskStates {
 public:
  static TaskStates read(const Access& access);

  enum class Kind : std::uint8_t {
    kRunning,
    kInterruptible,
    kUninterruptible,
    kIdle,
    kStopped,
    kTraced,
    kParked,
    kZombie,
    kDead,
    kNew,  // made, but not woken for the first time yet
    kUnknown
  };
  // `state` and `exit_state` as they stand in task_struct.
  Kind classify(std::uint64_t state, std::uint64_t exit_state) const;
  // TASK_WAKEKILL is set: only a fatal signal wakes the task.
  bool is_killable(std::uint64_t state) const { return (state & wakekill_) != 0; }

 private:
  std::uint64_t zombie_ = 0x20;
  std::uint64_t dead_ = 0x10;
  std::uint64_t parked_ = 0x40;
  std::uint64_t wakekill_ = 0x100;
  std::uint64_t no_load_ = 0x400;
};

struct TaskList {
  std::vector<VirtualAddress> tasks;  // every thread, without the idle tasks
  std::string broken;                 // empty when the walk was complete
  bool from_pid_tree = false;
};

// All threads, found through the initial pid namespace (rounds that can be fetched together), else through the task
// list.
TaskList find_all_tasks(const Access& access, const TaskView& view, const XArrayView& xarray,
                        const std::function<void(std::span<const VirtualAddress>)>& will_read);

}  // namespace whyhung::kernel
