// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/rwbase.h"

#include <algorithm>

namespace whyhung::kernel {
namespace {

constexpr std::uint32_t kReaderBias = 1u << 31;  // there while no writer has announced itself
constexpr std::uint32_t kWriterBias = 1u << 30;
constexpr std::uint64_t kHasWaiters = 1;
constexpr std::uint64_t kSearched = 4096;  // bytes of the writer's stack, from its innermost frame on

}  // namespace

RwBaseView RwBaseView::bind(Binder& binder) {
  RwBaseView v;
  // v5.15 (943f0edb754f): a struct of its own; the patches for real time had it in the lock itself before.
  v.semaphore_mutex_ = binder.optional("rw_semaphore", {"rwbase.rtmutex", "rtmutex"});
  v.semaphore_readers_ = binder.optional("rw_semaphore", {"rwbase.readers", "readers"});
  v.lock_mutex_ = binder.optional("rwlock_t", {"rwbase.rtmutex", "rtmutex"});
  v.lock_readers_ = binder.optional("rwlock_t", {"rwbase.readers", "readers"});
  v.owner_ = binder.optional("rt_mutex_base", {"owner"});
  if (!v.owner_.exists()) v.owner_ = binder.optional("rt_mutex", {"owner"});
  return v;
}

std::optional<RwBaseState> RwBaseView::state(const VirtualMemory& memory, RwBaseKind kind, VirtualAddress lock) const {
  const Field& readers = kind == RwBaseKind::kRwLock ? lock_readers_ : semaphore_readers_;
  if (!exists(kind) || !readers.exists() || !owner_.exists()) return std::nullopt;
  const auto count = memory.read_u32(readers.in(lock));
  const auto owner = owner_.read(memory, mutex_of(kind).in(lock));
  if (!count || !owner) return std::nullopt;
  RwBaseState state;
  state.raw = *count;
  state.raw_owner = *owner;
  state.owner = VirtualAddress(*owner & ~kHasWaiters);
  state.writer_holds = *count == kWriterBias;
  // A count is small: with other bits set it is none.
  const std::uint32_t counted = (*count & kReaderBias) != 0 ? *count - kReaderBias : *count;
  if (!state.writer_holds && counted < kWriterBias) state.readers = counted;
  state.writer_waits = (*count & kReaderBias) == 0 && state.readers != 0;
  return state;
}

std::optional<VirtualAddress> RwBaseView::waited_by_writer(const VirtualMemory& memory, RwBaseKind kind,
                                                           VirtualAddress task, VirtualRange stack) const {
  if (!exists(kind)) return std::nullopt;
  const VirtualAddress end(std::min(stack.end.value, stack.begin.value + kSearched));
  for (VirtualAddress slot = stack.begin; slot < end; slot += sizeof(std::uint64_t)) {
    const auto word = memory.read_pointer(slot);
    if (!word) return std::nullopt;
    if (word->is_null() || word->value % sizeof(std::uint64_t) != 0) continue;
    // The address of the lock, or of the rt_mutex in it.
    for (const VirtualAddress lock : {*word, lock_of(kind, *word)}) {
      const auto found = state(memory, kind, lock);
      if (found && found->owner == task && found->writer_waits) return lock;
    }
  }
  return std::nullopt;
}

}  // namespace whyhung::kernel
