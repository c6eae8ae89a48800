// SPDX-License-Identifier: GPL-2.0-or-later
// Memory whose pages a process brings (fs/userfaultfd.c; mm/ since v7.2): a fault that waits for its page, and at which
// userfaultfd.
#pragma once

#include <optional>

#include "kernel/wait_queue.h"

namespace whyhung::kernel {

struct PendingFault {
  VirtualAddress record;   // userfaultfd_wait_queue, on the stack of the task that faulted
  VirtualAddress context;  // userfaultfd_ctx: private data of the file that is read to learn of faults
  bool was_read = false;   // somebody has
};

class UserfaultView {
 public:
  static UserfaultView bind(Binder& binder);
  // The fault of who sleeps in that queue; nothing unless the queue is one of the userfaultfd that its record names.
  std::optional<PendingFault> fault_in(const VirtualMemory& memory, const WaitedQueue& queue) const;

 private:
  Field entry_, context_, pending_, taken_up_;
};

}  // namespace whyhung::kernel
