// SPDX-License-Identifier: GPL-2.0-or-later
// struct kthread (kernel/kthread.c): what a kernel thread was started to do.
#pragma once

#include "kernel/fields.h"
#include "kernel/task.h"

namespace whyhung::kernel {

struct KthreadView {
  static KthreadView bind(Binder& binder);
  Field thread_function, data, flags, exited, parked;
};

// The task's struct kthread. Where a kernel keeps the pointer to it has moved twice; nothing for a task that has none.
std::optional<VirtualAddress> kthread_of(const Access& access, const TaskView& tasks, const KthreadView& kthreads,
                                         VirtualAddress task);

}  // namespace whyhung::kernel
