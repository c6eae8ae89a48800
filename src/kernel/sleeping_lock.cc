// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/sleeping_lock.h"

#include <algorithm>
#include <string_view>

#include "kernel/waiter_record.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kMostStackBytes = 4096;  // of the waiting function and what it called
constexpr std::uint64_t kTaskFlagBits = 7;       // low bits of an owner word; a task_struct is aligned to more
constexpr std::uint64_t kBlockerKindBits = 3;    // low bits of task_struct.blocker (include/linux/hung_task.h)

// mutex.owner (kernel/locking/mutex.h): 1 waiters, 2 handoff, 4 picked up by the task that is named.
constexpr std::uint64_t kMutexPickup = 4;
// rw_semaphore (kernel/locking/rwsem.c, v5.3): count and owner bits.
constexpr std::uint64_t kWriterLocked = 1;
constexpr std::uint64_t kFlagWaiters = 2;
constexpr unsigned kReaderShift = 8;
constexpr std::uint64_t kReaderCountMask = (1ull << 55) - 1;  // bit 63 is the overflow guard
constexpr std::uint64_t kReaderOwned = 1;
// Before (lib/rwsem.c, kernel/locking/rwsem-xadd.c): the low half counts who holds it, and the high half goes down by
// one for a writer that does, and by one more when anybody waits.
constexpr unsigned kBiasShift = 32;

struct Names {
  std::string_view lock;
  std::string_view waiter;
};

Names names_of(LockKind kind) {
  switch (kind) {
    case LockKind::kMutex: return {"mutex", "mutex_waiter"};
    case LockKind::kRwSemaphore: return {"rw_semaphore", "rwsem_waiter"};
    case LockKind::kSemaphore: return {"semaphore", "semaphore_waiter"};
  }
  return {"mutex", "mutex_waiter"};
}

}  // namespace

SleepingLockView SleepingLockView::bind(LockKind kind, Binder& binder) {
  SleepingLockView v;
  v.kind_ = kind;
  const Names names = names_of(kind);
  v.waiter_list_ = binder.optional(names.waiter, {"list"});
  v.waiter_task_ = binder.optional(names.waiter, {"task"});
  v.waiter_type_ = binder.optional(names.waiter, {"type"});
  // v7.1 (25500ba7e77c, 1ea4b473504b, b9bdd4b68404): the list of waiters has no head any more, the lock points to the
  // first one.
  v.wait_list_ = binder.optional(names.lock, {"wait_list"});
  v.first_waiter_ = binder.optional(names.lock, {"first_waiter"});
  // RHEL 7 (3.10.0-1160): so too, but it is the list in the first one that a rw_semaphore points to, or itself.
  if (v.wait_list_.exists() && v.wait_list_.size() == sizeof(std::uint64_t)) {
    std::swap(v.first_node_, v.wait_list_);
  }
  v.owner_ = binder.optional(names.lock, {"owner"});
  v.count_ = binder.optional(names.lock, {"count"});
  v.last_holder_ = binder.optional(names.lock, {"last_holder"});
  v.blocked_on_ = kind == LockKind::kMutex ? binder.optional("task_struct", {"blocked_on"}) : Field();
  v.blocker_ = binder.optional("task_struct", {"blocker"});
  v.task_stack_ = binder.optional("task_struct", {"stack"});
  // v5.3 (64489e78004c, 4f23dbc1e657): flags in the count, and waiters that lose patience.
  v.is_biased_ =
      kind == LockKind::kRwSemaphore && v.waiter_list_.exists() && !binder.optional(names.waiter, {"timeout"}).exists();
  return v;
}

// A record is one whose task's stack it lies on: the list's head and other memory fail that.
bool SleepingLockView::is_waiter_record(const Access& access, VirtualAddress record, std::uint64_t stack_size) const {
  const auto task = waiter_task_.read_pointer(access.memory, record);
  if (!task || task->is_null()) return false;
  const auto stack = task_stack_.read_pointer(access.memory, *task);
  return stack && record >= *stack && record - *stack < stack_size;
}

std::optional<VirtualAddress> SleepingLockView::record_of(const Access& access, VirtualAddress task,
                                                          VirtualRange stack) const {
  return find_waiter_record(access.memory, {waiter_task_, waiter_list_}, task, stack);
}

std::optional<LockQueue> SleepingLockView::queue_of(const Access& access, const TaskView& tasks, VirtualAddress task,
                                                    VirtualAddress record, VirtualRange stack) const {
  const auto ring = walk_waiter_ring(access.memory, waiter_list_.in(record), [&](VirtualAddress node) {
    return is_waiter_record(access, waiter_list_.container(node), tasks.stack_size);
  });
  if (!ring) return std::nullopt;
  LockQueue queue;
  for (const VirtualAddress node : ring->nodes) queue.records.push_back(waiter_list_.container(node));
  std::optional<VirtualAddress> lock;
  if (wait_list_.exists()) {
    if (ring->head) lock = wait_list_.container(*ring->head);
  } else {
    lock = lock_without_head(access, task, stack, ring->nodes);
  }
  if (!lock) return std::nullopt;
  queue.lock = *lock;
  return queue;
}

// The ring of waiters does not lead to the lock. The task may have noted it; else the waiting functions have its
// address somewhere in their frames. Either way the lock must point back into the ring.
std::optional<VirtualAddress> SleepingLockView::lock_without_head(const Access& access, VirtualAddress task,
                                                                  VirtualRange stack,
                                                                  std::span<const VirtualAddress> ring) const {
  if (!first_waiter_.exists() && !first_node_.exists()) return std::nullopt;
  const auto leads_back = [&](VirtualAddress lock) {
    if (first_node_.exists()) {
      const auto node = first_node_.read_pointer(access.memory, lock);
      return node && std::ranges::find(ring, *node) != ring.end();
    }
    const auto first = first_waiter_.read_pointer(access.memory, lock);
    if (!first || first->is_null()) return false;
    return std::ranges::find(ring, waiter_list_.in(*first)) != ring.end();
  };
  if (const auto noted = blocked_on_.read_pointer(access.memory, task); noted && !noted->is_null()) {
    if (leads_back(*noted)) return *noted;
  }
  if (const auto noted = blocker_.read(access.memory, task); noted && *noted != 0) {
    const VirtualAddress lock(*noted & ~kBlockerKindBits);
    if (leads_back(lock)) return lock;
  }
  const VirtualAddress end(std::min(stack.end.value, stack.begin.value + kMostStackBytes));
  for (VirtualAddress slot = stack.begin; slot < end; slot += 8) {
    const auto word = access.memory.read_pointer(slot);
    if (word && word->value % 8 == 0 && !word->is_null() && leads_back(*word)) return *word;
  }
  return std::nullopt;
}

std::optional<LockOwner> SleepingLockView::owner(const Access& access, VirtualAddress lock) const {
  LockOwner result;
  if (kind_ == LockKind::kSemaphore) {
    // v6.16: the last task that took it, which need not hold it any more.
    const auto holder = last_holder_.read(access.memory, lock);
    if (!holder) return std::nullopt;
    result.raw = *holder;
    result.task = VirtualAddress(*holder & ~kTaskFlagBits);
    result.is_hint = true;
    return result;
  }
  const auto word = owner_.read(access.memory, lock);
  if (!word) return std::nullopt;
  result.raw = *word;
  result.task = VirtualAddress(*word & ~kTaskFlagBits);
  if (kind_ == LockKind::kMutex) result.is_handed_over = (*word & kMutexPickup) != 0;
  if (kind_ == LockKind::kRwSemaphore) result.is_hint = (*word & kReaderOwned) != 0;
  return result;
}

std::optional<RwSemaphoreState> SleepingLockView::rw_state(const Access& access, VirtualAddress lock) const {
  const auto count = count_.read(access.memory, lock);
  if (!count || kind_ != LockKind::kRwSemaphore) return std::nullopt;
  if (is_biased_) return biased_state(access, lock, *count);
  RwSemaphoreState state;
  state.count = static_cast<std::int64_t>(*count);
  state.writer_holds = (*count & kWriterLocked) != 0;
  state.has_waiters = (*count & kFlagWaiters) != 0;
  state.readers = *count >> kReaderShift & kReaderCountMask;
  return state;
}

// One writer without waiters and one reader with waiters make the same count: the list tells them apart.
RwSemaphoreState SleepingLockView::biased_state(const Access& access, VirtualAddress lock, std::uint64_t count) const {
  RwSemaphoreState state;
  state.count = static_cast<std::int64_t>(count);
  const Field& head = wait_list_.exists() ? wait_list_ : first_node_;
  const auto first = head.exists() ? access.memory.read_pointer(head.in(lock)) : ReadResult<VirtualAddress>(lock);
  state.has_waiters = head.exists() && first && *first != head.in(lock);
  const std::int64_t biases = -(state.count >> kBiasShift);
  const std::uint64_t holders = count & ((std::uint64_t{1} << kBiasShift) - 1);
  state.writer_holds = holders != 0 && biases > (state.has_waiters ? 1 : 0);
  state.readers = state.writer_holds ? 0 : holders;
  return state;
}

std::optional<std::int64_t> SleepingLockView::semaphore_count(const Access& access, VirtualAddress lock) const {
  const auto count = count_.read_signed(access.memory, lock);
  if (!count || kind_ != LockKind::kSemaphore) return std::nullopt;
  return *count;
}

std::optional<bool> SleepingLockView::wants_to_write(const Access& access, VirtualAddress record) const {
  // enum rwsem_waiter_type: RWSEM_WAITING_FOR_WRITE comes first in every kernel.
  const auto type = waiter_type_.read(access.memory, record);
  if (!type || kind_ != LockKind::kRwSemaphore) return std::nullopt;
  return *type == 0;
}

}  // namespace whyhung::kernel
