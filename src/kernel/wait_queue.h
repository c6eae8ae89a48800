// SPDX-License-Identifier: GPL-2.0-or-later
// Wait queues (include/linux/wait.h): which queue a sleeper is in, found from the entry on its own stack, and for the
// entries that are part of more (include/linux/wait_bit.h, pagemap.h) what they say besides.
#pragma once

#include <functional>
#include <optional>

#include "kernel/fields.h"
#include "kernel/waiter_record.h"

namespace whyhung::kernel {

// wait_queue_entry, whatever it is called: its task and its list links.
WaiterRecordLayout wait_queue_entry_layout(Binder& binder);

struct WaitedQueue {
  VirtualAddress head;   // wait_queue_head
  VirtualAddress entry;  // on the sleeper's stack
};

class WaitQueueView {
 public:
  static WaitQueueView bind(Binder& binder);

  // The queue that `task` sleeps in. `is_task` tells addresses of task_structs from other values.
  std::optional<WaitedQueue> waited_in(const VirtualMemory& memory, VirtualAddress task, VirtualRange stack,
                                       const std::function<bool(VirtualAddress)>& is_task) const;

 private:
  WaiterRecordLayout entry_;
  Field head_list_;
};

// A bit of a word that a sleeper waits for: wait_on_bit() and its kind.
struct WaitedBit {
  VirtualAddress word;
  std::uint64_t bit = 0;
  VirtualAddress record;  // wait_bit_queue_entry
};

class BitWaitView {
 public:
  static BitWaitView bind(Binder& binder);
  std::optional<WaitedBit> waited_for(const VirtualMemory& memory, VirtualAddress task, VirtualRange stack) const;

 private:
  WaiterRecordLayout entry_;
  Field entry_in_record_, word_, bit_;
};

}  // namespace whyhung::kernel
