// SPDX-License-Identifier: GPL-2.0-or-later
// struct completion (include/linux/completion.h): found from a sleeper's own record.
#pragma once

#include <optional>

#include "kernel/fields.h"
#include "kernel/waiter_record.h"

namespace whyhung::kernel {

struct WaitedCompletion {
  VirtualAddress completion;
  VirtualAddress record;
  std::uint64_t done = 0;     // completions that nobody has taken yet
  std::uint64_t waiters = 0;  // records in its queue, this one included
};

class CompletionView {
 public:
  static CompletionView bind(Binder& binder);

  // The completion that `task` sleeps on. `is_task` tells addresses of task_structs from other values.
  std::optional<WaitedCompletion> waited_for(const VirtualMemory& memory, VirtualAddress task, VirtualRange stack,
                                             const std::function<bool(VirtualAddress)>& is_task) const;

 private:
  std::optional<WaitedCompletion> waited_for(const VirtualMemory& memory, const WaiterRecordLayout& layout,
                                             VirtualAddress task, VirtualRange stack,
                                             const std::function<bool(VirtualAddress)>& is_task) const;

  Field done_, head_;
  WaiterRecordLayout simple_, full_;  // swait_queue (since v5.7), wait_queue_entry
};

}  // namespace whyhung::kernel
