// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/workqueue.h"

#include <algorithm>

#include "base/walk_limit.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kFlagWorker = 0x20;  // PF_WQ_WORKER, since v3.x
constexpr std::uint64_t kMostWorks = 1u << 16;
constexpr std::uint64_t kMostFlushers = 4096;

}  // namespace

WorkqueueView WorkqueueView::bind(Binder& binder) {
  WorkqueueView v;
  v.current_work = binder.optional("worker", {"current_work"});
  v.current_function = binder.optional("worker", {"current_func"});
  v.current_pwq = binder.optional("worker", {"current_pwq"});
  v.scheduled = binder.optional("worker", {"scheduled"});
  v.pool = binder.optional("worker", {"pool"});
  v.worker_task = binder.optional("worker", {"task"});
  v.entry = binder.optional("work_struct", {"entry"});
  v.function = binder.optional("work_struct", {"func"});
  v.worklist = binder.optional("worker_pool", {"worklist"});
  v.workqueue = binder.optional("pool_workqueue", {"wq"});
  // v5.15 (f97a4a1a3f87): renamed from delayed_works.
  v.inactive = binder.optional("pool_workqueue", {"inactive_works", "delayed_works"});
  v.name = binder.optional("workqueue_struct", {"name"});
  v.first_flusher = binder.optional("workqueue_struct", {"first_flusher"});
  v.barrier_work = binder.optional("wq_barrier", {"work"});
  v.barrier_done = binder.optional("wq_barrier", {"done"});
  v.barrier_waiter = binder.optional("wq_barrier", {"task"});
  v.flusher_queue = binder.optional("workqueue_struct", {"flusher_queue"});
  v.flusher_overflow = binder.optional("workqueue_struct", {"flusher_overflow"});
  v.flusher_list = binder.optional("wq_flusher", {"list"});
  v.flusher_done = binder.optional("wq_flusher", {"done"});
  v.current_color = binder.optional("worker", {"current_color"});
  v.flush_color = binder.optional("workqueue_struct", {"flush_color"});
  v.flusher_color = binder.optional("wq_flusher", {"flush_color"});
  return v;
}

std::optional<Worker> WorkqueueView::worker_of(const Access& access, const TaskView& tasks, const KthreadView& kthreads,
                                               VirtualAddress task) const {
  const auto flags = tasks.flags.read(access.memory, task);
  if (!flags || (*flags & kFlagWorker) == 0) return std::nullopt;
  const auto kthread = kthread_of(access, tasks, kthreads, task);
  if (!kthread) return std::nullopt;
  const auto address = kthreads.data.read_pointer(access.memory, *kthread);
  if (!address || address->is_null()) return std::nullopt;
  const auto pointer = [&](const Field& field, VirtualAddress base) {
    return base.is_null() ? VirtualAddress() : field.read_pointer(access.memory, base).value_or(VirtualAddress());
  };
  // A worker that is being made or has gone does not say so of itself.
  if (pointer(worker_task, *address) != task) return std::nullopt;
  Worker worker;
  worker.address = *address;
  worker.task = task;
  worker.pool = pointer(pool, *address);
  worker.current_work = pointer(current_work, *address);
  worker.current_function = pointer(current_function, *address);
  worker.pool_workqueue = pointer(current_pwq, *address);
  worker.workqueue = pointer(workqueue, worker.pool_workqueue);
  if (!worker.workqueue.is_null()) worker.workqueue_name = name.read_text(access.memory, worker.workqueue).value_or("");
  return worker;
}

// The work that a barrier is for stands before it, behind barriers of others, unless it is being executed.
VirtualAddress WorkqueueView::function_before(const VirtualMemory& memory, VirtualAddress barrier) const {
  const VirtualAddress own = function.read_pointer(memory, barrier).value_or(VirtualAddress());
  WalkLimit limit(kMostWorks);
  auto node = memory.read_pointer(entry.in(barrier) + sizeof(std::uint64_t));
  while (node && limit.step(*node) == WalkLimit::Verdict::kContinue) {
    const auto found = function.read_pointer(memory, entry.container(*node));
    if (!found || *found != own) return found.value_or(VirtualAddress());
    node = memory.read_pointer(*node + sizeof(std::uint64_t));
  }
  return {};
}

std::optional<QueuedBarrier> WorkqueueView::find_barrier(const VirtualMemory& memory, VirtualAddress completion,
                                                         VirtualAddress task, std::span<const Worker> workers) const {
  const VirtualAddress barrier = barrier_done.container(completion);
  if (barrier_waiter.exists() && barrier_waiter.read_pointer(memory, barrier).value_or(VirtualAddress()) != task) {
    return std::nullopt;
  }
  const VirtualAddress start = entry.in(barrier_work.in(barrier));
  QueuedBarrier found;
  found.work_function = function_before(memory, barrier_work.in(barrier));
  WalkLimit limit(kMostWorks);
  auto node = memory.read_pointer(start);
  for (; node && *node != start; node = memory.read_pointer(*node)) {
    if (limit.step(*node) != WalkLimit::Verdict::kContinue) return std::nullopt;
    for (const Worker& worker : workers) {
      if (scheduled.in(worker.address) == *node) {
        found.place = QueuedBarrier::Place::kBehindRunning;
        found.head = worker.address;
        found.work_function = worker.current_function;
        return found;
      }
      if (!worker.pool.is_null() && worklist.in(worker.pool) == *node) {
        found.place = QueuedBarrier::Place::kInPool;
        found.head = worker.pool;
        return found;
      }
      if (!worker.pool_workqueue.is_null() && inactive.exists() && inactive.in(worker.pool_workqueue) == *node) {
        found.place = QueuedBarrier::Place::kInactive;
        found.head = worker.pool_workqueue;
        return found;
      }
    }
  }
  return std::nullopt;
}

bool WorkqueueView::flushes(const VirtualMemory& memory, VirtualAddress completion, const Worker& worker) const {
  if (!flusher_done.exists() || worker.workqueue.is_null()) return false;
  const VirtualAddress flusher = flusher_done.container(completion);
  return is_in_queue(memory, flusher, worker.workqueue) && !is_newer(memory, flusher, worker);
}

bool WorkqueueView::is_in_queue(const VirtualMemory& memory, VirtualAddress flusher,
                                VirtualAddress workqueue_at) const {
  if (first_flusher.read_pointer(memory, workqueue_at).value_or(VirtualAddress()) == flusher) return true;
  if (!flusher_list.exists() || !flusher_queue.exists() || !flusher_overflow.exists()) return false;
  const VirtualAddress start = flusher_list.in(flusher);
  WalkLimit limit(kMostFlushers);
  auto node = memory.read_pointer(start);
  for (; node && *node != start; node = memory.read_pointer(*node)) {
    if (*node == flusher_queue.in(workqueue_at) || *node == flusher_overflow.in(workqueue_at)) return true;
    if (limit.step(*node) != WalkLimit::Verdict::kContinue) return false;
  }
  return false;
}

// Work is coloured by the flushes before which it was queued: a flusher waits for its own colour and for all from the
// oldest on that is still in flight. v5.15 (d812796eb390): a worker notes the colour of what it executes.
bool WorkqueueView::is_newer(const VirtualMemory& memory, VirtualAddress flusher, const Worker& worker) const {
  constexpr std::uint64_t kColors = 16;  // WORK_NR_COLORS, since v5.15
  const auto executed = current_color.read(memory, worker.address);
  const auto last = flusher_color.read_signed(memory, flusher);
  const auto oldest = flush_color.read(memory, worker.workqueue);
  // One in the overflow list has no colour yet: it waits for all that is there.
  if (!executed || !last || !oldest || *last < 0) return false;
  return (*executed - *oldest) % kColors > (static_cast<std::uint64_t>(*last) - *oldest) % kColors;
}

}  // namespace whyhung::kernel
