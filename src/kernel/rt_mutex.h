// SPDX-License-Identifier: GPL-2.0-or-later
// rt_mutex: the lock behind priority inheritance: futexes of that kind, RCU's boosting, and all sleeping locks of a
// real-time kernel (include/linux/rtmutex.h, kernel/locking/rtmutex_common.h). The task itself names what it waits for.
#pragma once

#include <optional>

#include "kernel/fields.h"

namespace whyhung::kernel {

struct WaitedRtMutex {
  VirtualAddress lock;    // rt_mutex, or rt_mutex_base at its beginning
  VirtualAddress record;  // rt_mutex_waiter
  VirtualAddress owner;   // null: nobody, or about to be handed over
  std::uint64_t raw_owner = 0;
};

struct RtMutexOwner {
  VirtualAddress task;  // null: nobody
  std::uint64_t raw = 0;
};

class RtMutexView {
 public:
  static RtMutexView bind(Binder& binder);
  std::optional<RtMutexOwner> owner_of(const VirtualMemory& memory, VirtualAddress lock) const;
  std::optional<WaitedRtMutex> waited_for(const VirtualMemory& memory, VirtualAddress task) const;

 private:
  Field blocked_on_, waiter_task_, waiter_lock_, owner_;
};

}  // namespace whyhung::kernel
