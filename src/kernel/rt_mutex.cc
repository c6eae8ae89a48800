// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/rt_mutex.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kHasWaiters = 1;  // RT_MUTEX_HAS_WAITERS, bit 0 of the owner

}  // namespace

RtMutexView RtMutexView::bind(Binder& binder) {
  RtMutexView v;
  v.blocked_on_ = binder.optional("task_struct", {"pi_blocked_on"});
  v.waiter_task_ = binder.optional("rt_mutex_waiter", {"task"});
  v.waiter_lock_ = binder.optional("rt_mutex_waiter", {"lock"});
  // v5.15: rt_mutex_base inside of rt_mutex.
  v.owner_ = binder.optional("rt_mutex_base", {"owner"});
  if (!v.owner_.exists()) v.owner_ = binder.optional("rt_mutex", {"owner"});
  return v;
}

std::optional<RtMutexOwner> RtMutexView::owner_of(const VirtualMemory& memory, VirtualAddress lock) const {
  const auto owner = owner_.read(memory, lock);
  if (!owner) return std::nullopt;
  return RtMutexOwner{VirtualAddress(*owner & ~kHasWaiters), *owner};
}

std::optional<WaitedRtMutex> RtMutexView::waited_for(const VirtualMemory& memory, VirtualAddress task) const {
  const auto record = blocked_on_.read_pointer(memory, task);
  if (!record || record->is_null()) return std::nullopt;
  const auto named = waiter_task_.read_pointer(memory, *record);
  const auto lock = waiter_lock_.read_pointer(memory, *record);
  if (!named || *named != task || !lock || lock->is_null()) return std::nullopt;
  const auto owner = owner_of(memory, *lock);
  if (!owner) return std::nullopt;
  return WaitedRtMutex{*lock, *record, owner->task, owner->raw};
}

}  // namespace whyhung::kernel
