// SPDX-License-Identifier: GPL-2.0-or-later
// struct rwbase_rt, behind rw_semaphores and rwlocks of a real-time kernel: readers are counted, a writer owns the
// rt_mutex, and while it waits for the readers to leave nothing but its stack leads to the lock
// (kernel/locking/rwbase_rt.c, include/linux/rwbase_rt.h).
#pragma once

#include <optional>

#include "kernel/fields.h"

namespace whyhung::kernel {

enum class RwBaseKind : std::uint8_t { kRwSemaphore, kRwLock };

struct RwBaseState {
  std::uint32_t raw = 0;
  std::uint32_t readers = 0;  // who hold it
  bool writer_holds = false;
  bool writer_waits = false;  // for the readers to leave
  VirtualAddress owner;       // of the rt_mutex: a writer, or who is about to be one; null: nobody
  std::uint64_t raw_owner = 0;
};

class RwBaseView {
 public:
  static RwBaseView bind(Binder& binder);
  // Whether locks of that kind are built so.
  bool exists(RwBaseKind kind) const { return mutex_of(kind).exists(); }

  // The lock whose rt_mutex lies there.
  VirtualAddress lock_of(RwBaseKind kind, VirtualAddress rt_mutex) const { return mutex_of(kind).container(rt_mutex); }
  std::optional<RwBaseState> state(const VirtualMemory& memory, RwBaseKind kind, VirtualAddress lock) const;
  // The lock of which `task` is the writer, and whose readers it waits for: the address on its stack that fits.
  std::optional<VirtualAddress> waited_by_writer(const VirtualMemory& memory, RwBaseKind kind, VirtualAddress task,
                                                 VirtualRange stack) const;

 private:
  const Field& mutex_of(RwBaseKind kind) const { return kind == RwBaseKind::kRwLock ? lock_mutex_ : semaphore_mutex_; }

  Field semaphore_mutex_, semaphore_readers_, lock_mutex_, lock_readers_, owner_;
};

}  // namespace whyhung::kernel
