// SPDX-License-Identifier: GPL-2.0-or-later
// A task of the crashed machine as plain values. Times are nanoseconds of the scheduler's clock (since boot).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/stack.h"

namespace whyhung::model {

enum class TaskState : std::uint8_t {
  kRunning,          // on a CPU, or runnable
  kInterruptible,    // S
  kUninterruptible,  // D
  kIdle,             // uninterruptible, but not counted as load: kthreads that wait for work
  kStopped,          // T
  kTraced,           // t
  kParked,           // P
  kZombie,           // Z
  kDead,             // X
  kUnknown,
};
std::string_view name_of(TaskState state);
std::span<const EnumName<TaskState>> words_of(TaskState);

// A yes or no that was read from memory, or could not be: then it counts as no, and is no evidence of anything.
struct ReadFlag {
  std::optional<bool> read;
  constexpr ReadFlag() = default;
  constexpr ReadFlag(bool value) : read(value) {}
  constexpr operator bool() const { return read.value_or(false); }
  bool operator==(const ReadFlag&) const = default;
};

// A control group that has used the CPU time it may use.
struct Throttle {
  std::string group;                       // its path from the root; empty: not known
  std::uint64_t quota = 0;                 // ns of CPU time in each period
  std::uint64_t period = 0;                // ns
  std::optional<std::uint64_t> throttled;  // cfs_rq.throttled of the group on that CPU, as read
  bool at_exit = false;  // the task was taken off on its way to user mode: it holds no lock of the kernel
  bool operator==(const Throttle&) const = default;
};

struct Task {
  std::uint64_t address = 0;  // of its task_struct; the task's identity in a snapshot
  std::uint32_t pid = 0;
  std::uint32_t tgid = 0;
  std::uint32_t parent_pid = 0;
  std::string comm;  // raw, as the kernel holds it
  TaskState state = TaskState::kUnknown;
  std::uint64_t raw_state = 0;              // task_struct.__state, as read
  std::optional<std::uint64_t> exit_state;  // task_struct.exit_state; schema 1 had both in raw_state
  ReadFlag is_kernel_thread;
  bool is_idle_task = false;                  // swapper/N
  ReadFlag on_cpu;                            // task_struct.on_cpu: running, or being switched
  ReadFlag on_runqueue;                       // runnable
  bool killable_wait = false;                 // TASK_WAKEKILL: only a fatal signal wakes it
  bool frozen = false;                        // by the cgroup freezer or for a suspend: asleep until it is thawed
  std::optional<std::uint32_t> cpu;           // where it runs or ran last
  std::optional<std::uint32_t> policy;        // SCHED_NORMAL 0, FIFO 1, RR 2, BATCH 3, IDLE 5, DEADLINE 6
  std::optional<std::int32_t> priority;       // task_struct.prio: 0–99 real time, 100–139 fair, −1 deadline
  std::optional<std::uint64_t> last_arrival;  // when it last got a CPU
  std::optional<std::uint64_t> last_queued;   // when it began to wait for a CPU; absent when it does not
  std::optional<Throttle> throttle;           // runnable, and its control group may not run before the next period
  std::optional<std::uint64_t> start_time;    // CLOCK_MONOTONIC nanoseconds
  std::uint64_t stack_base = 0;               // lowest address of its kernel stack; 0: unknown
  std::uint32_t stack_size = 0;
  std::string thread_function;  // kthreads: symbol of the thread's function
  std::string thread_function_module;
  StackTrace stack;
  bool operator==(const Task&) const = default;

  bool is_runnable() const { return state == TaskState::kRunning; }
  // Runnable, and not running: it wants a CPU.
  bool queues_for_cpu() const { return is_runnable() && on_runqueue && !on_cpu && !is_idle_task; }
  // Kept from running by a signal, a tracer or a freezer, until somebody lets it go on.
  bool is_halted() const { return state == TaskState::kStopped || state == TaskState::kTraced || frozen; }
};

}  // namespace whyhung::model
