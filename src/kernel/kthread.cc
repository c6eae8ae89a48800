// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/kthread.h"

namespace whyhung::kernel {

KthreadView KthreadView::bind(Binder& binder) {
  KthreadView v;
  // v5.8 (52782c92ac85): threadfn is recorded; before, only `data` is.
  v.thread_function = binder.optional("kthread", {"threadfn"});
  v.data = binder.optional("kthread", {"data"});
  v.flags = binder.optional("kthread", {"flags"});
  v.exited = binder.optional("kthread", {"exited"});
  v.parked = binder.optional("kthread", {"parked"});
  return v;
}

std::optional<VirtualAddress> kthread_of(const Access& access, const TaskView& tasks, const KthreadView& kthreads,
                                         VirtualAddress task) {
  const auto pointer = [&](const Field& field) -> std::optional<VirtualAddress> {
    const auto value = field.read_pointer(access.memory, task);
    if (!value || value->is_null()) return std::nullopt;
    return *value;
  };
  // v5.17 (e32cf5dfbe22): worker_private; v4.10 (1da5c46fa965): set_child_tid; before that through vfork_done, which
  // points to the member `exited`.
  if (tasks.worker_private.exists()) return pointer(tasks.worker_private);
  if (kthreads.thread_function.exists() || !kthreads.exited.exists()) return pointer(tasks.set_child_tid);
  const auto exited = pointer(tasks.vfork_done);
  if (!exited) return pointer(tasks.set_child_tid);
  return kthreads.exited.container(*exited);
}

}  // namespace whyhung::kernel
