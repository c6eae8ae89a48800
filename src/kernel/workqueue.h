// SPDX-License-Identifier: GPL-2.0-or-later
// Workers, work items and those who wait for them (kernel/workqueue.c, kernel/workqueue_internal.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kernel/fields.h"
#include "kernel/kthread.h"
#include "kernel/task.h"

namespace whyhung::kernel {

struct Worker {
  VirtualAddress address;
  VirtualAddress task;
  VirtualAddress pool;
  VirtualAddress current_work;  // null: it executes none
  VirtualAddress current_function;
  VirtualAddress pool_workqueue;  // of the current work
  VirtualAddress workqueue;
  std::string workqueue_name;
  bool executes() const { return !current_work.is_null(); }
};

// Where the barrier stands that somebody who waits for a work item has queued behind it.
struct QueuedBarrier {
  enum class Place : std::uint8_t {
    kBehindRunning,  // in the worker's own list: it executes the work that is waited for
    kInPool,         // the work has not begun
    kInactive,       // the work is held back: its queue executes as many as it may
  };
  Place place = Place::kInPool;
  VirtualAddress head;           // worker, pool or pool_workqueue
  VirtualAddress work_function;  // of the work that is waited for, null: not known
};

class WorkqueueView {
 public:
  static WorkqueueView bind(Binder& binder);
  bool usable() const { return current_work.exists() && scheduled.exists() && barrier_done.exists(); }

  // The worker that a task is; nothing for other tasks.
  std::optional<Worker> worker_of(const Access& access, const TaskView& tasks, const KthreadView& kthreads,
                                  VirtualAddress task) const;
  // Where the barrier stands whose completion is at `completion`, and that `task` made.
  std::optional<QueuedBarrier> find_barrier(const VirtualMemory& memory, VirtualAddress completion, VirtualAddress task,
                                            std::span<const Worker> workers) const;
  // Whether the flusher whose completion is at `completion` waits for what the worker executes.
  bool flushes(const VirtualMemory& memory, VirtualAddress completion, const Worker& worker) const;

  Field current_work, current_function, current_pwq, scheduled, pool, worker_task;
  Field entry, function;                             // work_struct
  Field worklist;                                    // worker_pool
  Field workqueue, inactive;                         // pool_workqueue
  Field name, first_flusher;                         // workqueue_struct
  Field barrier_work, barrier_done, barrier_waiter;  // wq_barrier
  Field flusher_queue, flusher_overflow;             // workqueue_struct: those who flush after the first
  Field flusher_done, flusher_list;                  // wq_flusher
  Field current_color, flush_color, flusher_color;   // worker, workqueue_struct, wq_flusher

 private:
  bool is_in_queue(const VirtualMemory& memory, VirtualAddress flusher, VirtualAddress workqueue) const;
  bool is_newer(const VirtualMemory& memory, VirtualAddress flusher, const Worker& worker) const;
  VirtualAddress function_before(const VirtualMemory& memory, VirtualAddress barrier) const;
};

}  // namespace whyhung::kernel
