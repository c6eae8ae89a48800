// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/wait_queue.h"

namespace whyhung::kernel {

WaiterRecordLayout wait_queue_entry_layout(Binder& binder) {
  // v4.13: __wait_queue became wait_queue_entry, and its list is called entry.
  WaiterRecordLayout layout{binder.optional("wait_queue_entry", {"private"}),
                            binder.optional("wait_queue_entry", {"entry"})};
  if (layout.usable()) return layout;
  return {binder.optional("__wait_queue", {"private"}), binder.optional("__wait_queue", {"task_list"})};
}

WaitQueueView WaitQueueView::bind(Binder& binder) {
  WaitQueueView v;
  v.entry_ = wait_queue_entry_layout(binder);
  v.head_list_ = binder.optional("wait_queue_head", {"head"});
  if (!v.head_list_.exists()) v.head_list_ = binder.optional("__wait_queue_head", {"task_list"});
  return v;
}

std::optional<WaitedQueue> WaitQueueView::waited_in(const VirtualMemory& memory, VirtualAddress task,
                                                    VirtualRange stack,
                                                    const std::function<bool(VirtualAddress)>& is_task) const {
  if (!head_list_.exists()) return std::nullopt;
  const auto waiter = find_queued_waiter(memory, entry_, task, stack, is_task);
  if (!waiter) return std::nullopt;
  return WaitedQueue{head_list_.container(waiter->head), waiter->record};
}

BitWaitView BitWaitView::bind(Binder& binder) {
  BitWaitView v;
  v.entry_ = wait_queue_entry_layout(binder);
  // v4.13: wait_bit_queue became wait_bit_queue_entry.
  std::string_view record = "wait_bit_queue_entry";
  v.entry_in_record_ = binder.optional(record, {"wq_entry"});
  if (!v.entry_in_record_.exists()) {
    record = "wait_bit_queue";
    v.entry_in_record_ = binder.optional(record, {"wait"});
  }
  v.word_ = binder.optional(record, {"key.flags"});
  v.bit_ = binder.optional(record, {"key.bit_nr"});
  return v;
}

std::optional<WaitedBit> BitWaitView::waited_for(const VirtualMemory& memory, VirtualAddress task,
                                                 VirtualRange stack) const {
  if (!entry_in_record_.exists()) return std::nullopt;
  const auto entry = find_waiter_record(memory, entry_, task, stack);
  if (!entry) return std::nullopt;
  WaitedBit waited;
  waited.record = entry_in_record_.container(*entry);
  const auto word = word_.read_pointer(memory, waited.record);
  const auto bit = bit_.read(memory, waited.record);
  if (!word || word->is_null() || !bit) return std::nullopt;
  waited.word = *word;
  waited.bit = *bit;
  return waited;
}

}  // namespace whyhung::kernel
