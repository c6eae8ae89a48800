// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/completion.h"

#include "kernel/wait_queue.h"

namespace whyhung::kernel {

CompletionView CompletionView::bind(Binder& binder) {
  CompletionView v;
  v.done_ = binder.optional("completion", {"done"});
  // v5.7 (a5c6234e1028): a simple wait queue; v4.13 renamed the list head of the full one.
  v.head_ = binder.optional("completion", {"wait.task_list", "wait.head"});
  v.simple_ = {binder.optional("swait_queue", {"task"}), binder.optional("swait_queue", {"task_list"})};
  v.full_ = wait_queue_entry_layout(binder);
  return v;
}

std::optional<WaitedCompletion> CompletionView::waited_for(const VirtualMemory& memory, VirtualAddress task,
                                                           VirtualRange stack,
                                                           const std::function<bool(VirtualAddress)>& is_task) const {
  if (!head_.exists() || !done_.exists()) return std::nullopt;
  if (auto found = waited_for(memory, simple_, task, stack, is_task)) return found;
  return waited_for(memory, full_, task, stack, is_task);
}

std::optional<WaitedCompletion> CompletionView::waited_for(const VirtualMemory& memory,
                                                           const WaiterRecordLayout& layout, VirtualAddress task,
                                                           VirtualRange stack,
                                                           const std::function<bool(VirtualAddress)>& is_task) const {
  const auto waiter = find_queued_waiter(memory, layout, task, stack, is_task);
  if (!waiter) return std::nullopt;
  WaitedCompletion found;
  found.record = waiter->record;
  found.completion = head_.container(waiter->head);
  found.waiters = waiter->waiters;
  const auto done = done_.read(memory, found.completion);
  if (!done) return std::nullopt;
  found.done = *done;
  return found;
}

}  // namespace whyhung::kernel
