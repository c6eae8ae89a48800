// SPDX-License-Identifier: GPL-2.0-or-later
// Waiter records: what a sleeper leaves on its own stack and links into the queue of what it waits for (mutex_waiter,
// rwsem_waiter, swait_queue, wait_queue_entry, …). Each names its task and lies in a circular list. Record and list
// must agree, so that one which an earlier call left behind is not believed.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "kernel/fields.h"

namespace whyhung::kernel {

// Where a record of some type has its task and its list links.
struct WaiterRecordLayout {
  Field task;
  Field list;
  bool usable() const { return task.exists() && list.exists(); }
};

// Calls `visit` with the address of each word in the inner part of a stack that holds `value`, from the innermost on,
// until it says false.
void each_on_stack(const VirtualMemory& memory, VirtualRange stack, std::uint64_t value,
                   const std::function<bool(VirtualAddress)>& visit);

// The innermost record of `task` in the range of its stack that is linked into a list. `accept` is asked before a
// record is taken, where a task pointer and sound links are not enough.
std::optional<VirtualAddress> find_waiter_record(const VirtualMemory& memory, const WaiterRecordLayout& layout,
                                                 VirtualAddress task, VirtualRange stack,
                                                 const std::function<bool(VirtualAddress)>& accept = {});

// The queue that a record is linked into.
struct WaiterRing {
  std::vector<VirtualAddress> nodes;   // list links of records, the one that was asked about first
  std::optional<VirtualAddress> head;  // the one node that is no record
};

// Walks once around. Nothing when the list is broken, or has two nodes that `is_record` refuses: then it is not what
// it was taken for.
std::optional<WaiterRing> walk_waiter_ring(const VirtualMemory& memory, VirtualAddress first_node,
                                           const std::function<bool(VirtualAddress)>& is_record);

struct QueuedWaiter {
  VirtualAddress record;
  VirtualAddress head;      // the list head of the queue that the record is linked into
  std::size_t waiters = 0;  // records in the queue, this one included
};

// The queue that `task` waits in, by a record on its stack. A record that is over may lie further in than the one that
// counts; it is linked to itself, and leads to no head. `is_task` tells addresses of task_structs from other values.
std::optional<QueuedWaiter> find_queued_waiter(const VirtualMemory& memory, const WaiterRecordLayout& layout,
                                               VirtualAddress task, VirtualRange stack,
                                               const std::function<bool(VirtualAddress)>& is_task);

}  // namespace whyhung::kernel
