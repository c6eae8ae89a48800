// SPDX-License-Identifier: GPL-2.0-or-later
// Locks that one sleeps for: mutex, rw_semaphore, semaphore (include/linux/mutex.h, rwsem.h, semaphore.h). A sleeper's
// waiter record lies on its own stack and holds its own task pointer; its list links lead to the lock. Record and lock
// must agree, so that a record which an earlier call left on the stack is not believed.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "kernel/fields.h"
#include "kernel/task.h"

namespace whyhung::kernel {

enum class LockKind : std::uint8_t { kMutex, kRwSemaphore, kSemaphore };

// The queue that a waiter record is in.
struct LockQueue {
  VirtualAddress lock;
  std::vector<VirtualAddress> records;  // of all who wait, the one that was asked about first
};

// Who holds a lock, as far as the lock itself says.
struct LockOwner {
  VirtualAddress task;          // null: nobody, or not recorded
  bool is_hint = false;         // the last reader, the last to acquire: may be wrong
  bool is_handed_over = false;  // ownership was given to the task, which has not run since
  std::uint64_t raw = 0;        // the word as it stands
};

struct RwSemaphoreState {
  std::int64_t count = 0;
  bool writer_holds = false;
  std::uint64_t readers = 0;
  bool has_waiters = false;
};

class SleepingLockView {
 public:
  static SleepingLockView bind(LockKind kind, Binder& binder);
  LockKind kind() const { return kind_; }

  // The waiter record of `task`, asleep. `stack` is the part of its stack from the waiting function's frame on.
  std::optional<VirtualAddress> record_of(const Access& access, VirtualAddress task, VirtualRange stack) const;
  // The lock behind that record, and all who wait for it.
  std::optional<LockQueue> queue_of(const Access& access, const TaskView& tasks, VirtualAddress task,
                                    VirtualAddress record, VirtualRange stack) const;
  std::optional<LockOwner> owner(const Access& access, VirtualAddress lock) const;
  std::optional<RwSemaphoreState> rw_state(const Access& access, VirtualAddress lock) const;
  // semaphore.count; a positive count with sleepers means that a wake-up was lost.
  std::optional<std::int64_t> semaphore_count(const Access& access, VirtualAddress lock) const;
  // Whether a waiter of a rw_semaphore wants to write.
  std::optional<bool> wants_to_write(const Access& access, VirtualAddress record) const;

 private:
  RwSemaphoreState biased_state(const Access& access, VirtualAddress lock, std::uint64_t count) const;
  bool is_waiter_record(const Access& access, VirtualAddress record, std::uint64_t stack_size) const;
  std::optional<VirtualAddress> lock_without_head(const Access& access, VirtualAddress task, VirtualRange stack,
                                                  std::span<const VirtualAddress> ring) const;

  LockKind kind_ = LockKind::kMutex;
  Field waiter_list_, waiter_task_, waiter_type_;
  Field wait_list_, first_waiter_, first_node_, owner_, count_, last_holder_;
  Field blocked_on_, blocker_;
  Field task_stack_;
  bool is_biased_ = false;  // rw_semaphore.count adds a bias for waiters and writers
};

}  // namespace whyhung::kernel
