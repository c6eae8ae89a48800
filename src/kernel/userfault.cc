// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/userfault.h"

namespace whyhung::kernel {

UserfaultView UserfaultView::bind(Binder& binder) {
  UserfaultView v;
  v.entry_ = binder.optional("userfaultfd_wait_queue", {"wq"});
  v.context_ = binder.optional("userfaultfd_wait_queue", {"ctx"});
  v.pending_ = binder.optional("userfaultfd_ctx", {"fault_pending_wqh"});
  v.taken_up_ = binder.optional("userfaultfd_ctx", {"fault_wqh"});
  return v;
}

std::optional<PendingFault> UserfaultView::fault_in(const VirtualMemory& memory, const WaitedQueue& queue) const {
  if (!entry_.exists() || !context_.exists() || !pending_.exists() || !taken_up_.exists()) return std::nullopt;
  PendingFault fault;
  fault.record = entry_.container(queue.entry);
  const auto context = context_.read_pointer(memory, fault.record);
  if (!context || context->is_null()) return std::nullopt;
  fault.context = *context;
  fault.was_read = taken_up_.in(*context) == queue.head;
  if (!fault.was_read && pending_.in(*context) != queue.head) return std::nullopt;
  return fault;
}

}  // namespace whyhung::kernel
