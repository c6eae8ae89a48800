// SPDX-License-Identifier: GPL-2.0-or-later
// What sleeping tasks wait for: the innermost function on a stack that is known to wait tells which reader to ask, and
// the reader finds the object that the task and the kernel's lists agree on. One reader per kind, one table
// (sleepers.cc).
#pragma once

#include <optional>

#include "collect/workbench.h"
#include "kernel/sleeping_lock.h"

namespace whyhung::collect {

// A task that sleeps inside of a function that a reader knows.
struct Sleeper {
  const model::Task& task;
  std::uint32_t frame = 0;  // index of that function's frame
  VirtualRange stack;       // from the innermost frame to the end of the stack
};

// The workbench, with views that are bound when the first task needs them.
class WaitContext {
 public:
  explicit WaitContext(Workbench& workbench) : bench(workbench) {}
  Workbench& bench;

  const kernel::SleepingLockView& lock_view(kernel::LockKind kind);
  // The function of a frame; empty beyond the outermost.
  const std::string& function(const Sleeper& sleeper, std::uint32_t frame) const;
  // A symbol for an object's address: "alpha_lock [module]"; empty when there is none.
  std::string object_name(VirtualAddress object);

 private:
  std::optional<kernel::SleepingLockView> locks_[3];
};

struct WaitReader {
  std::string_view name;
  std::span<const std::string_view> functions;  // base names; a trailing '*' stands for any ending
  void (*read)(WaitContext& context, const Sleeper& sleeper);
};

void collect_sleepers(Workbench& bench);

extern const WaitReader kMutexReader, kRwSemaphoreReader, kSemaphoreReader;

}  // namespace whyhung::collect
