// SPDX-License-Identifier: GPL-2.0-or-later
// What sleeping tasks wait for: the innermost function on a stack that is known to wait tells which reader to ask, and
// the reader finds the object that the task and the kernel's lists agree on. One reader per kind, one table
// (sleepers.cc).
#pragma once

#include <optional>

#include <unordered_map>
#include <unordered_set>

#include "collect/workbench.h"
#include "kernel/completion.h"
#include "kernel/sleeping_lock.h"
#include "kernel/workqueue.h"

namespace whyhung::collect {

// A task that sleeps inside of a function that a reader knows.
struct Sleeper {
  const model::Task& task;
  std::uint32_t frame = 0;  // index of that function's frame
  VirtualRange stack;       // from the innermost frame to the end of the stack
};

// The workbench, with what several readers want, made when the first of them asks.
class WaitContext {
 public:
  explicit WaitContext(Workbench& workbench) : bench(workbench) {}
  Workbench& bench;

  const kernel::SleepingLockView& lock_view(kernel::LockKind kind);
  const kernel::CompletionView& completions();
  const kernel::WorkqueueView& workqueues();
  const std::vector<kernel::Worker>& workers();
  // The kernel thread whose struct kthread holds the completion that its end, or its being parked, completes; 0: none.
  std::uint64_t thread_that_completes(VirtualAddress completion);
  bool is_task(VirtualAddress address);

  // The function of a frame; empty beyond the outermost.
  const std::string& function(const Sleeper& sleeper, std::uint32_t frame) const;
  // Whether one of the frames outward from the waiting one is of the kernel's own function `name`.
  bool called_through(const Sleeper& sleeper, std::string_view pattern) const;
  // The function that the task waits in: the first frame outward that none of `passed` names.
  std::string place(const Sleeper& sleeper, std::span<const std::string_view> passed) const;
  // A symbol for an object's address: "alpha_lock [module]"; empty when there is none.
  std::string object_name(VirtualAddress object);

  // Locks by the waiter records in their queues, so that each queue is walked once.
  std::unordered_map<std::uint64_t, std::uint64_t> lock_of_record;

 private:
  void learn_names();

  bool names_learnt_ = false;
  std::optional<kernel::SleepingLockView> locks_[3];
  std::optional<kernel::CompletionView> completions_;
  std::optional<kernel::WorkqueueView> workqueues_;
  std::optional<std::vector<kernel::Worker>> workers_;
  std::optional<std::unordered_map<std::uint64_t, std::uint64_t>> thread_completions_;
  std::optional<std::unordered_set<std::uint64_t>> task_addresses_;
};

struct WaitReader {
  std::string_view name;
  std::span<const std::string_view> functions;  // base names; a trailing '*' stands for any ending
  void (*read)(WaitContext& context, const Sleeper& sleeper);
};

void collect_sleepers(Workbench& bench);

extern const WaitReader kMutexReader, kRwSemaphoreReader, kSemaphoreReader, kCompletionReader;

}  // namespace whyhung::collect
