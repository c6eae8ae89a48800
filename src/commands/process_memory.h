// SPDX-License-Identifier: GPL-2.0-or-later
// The memory of one process, by its own page tables.
#pragma once

#include <optional>

#include "collect/workbench.h"
#include "target/user_memory.h"

namespace whyhung::commands {

class ProcessMemory {
 public:
  // Nothing for a task of the kernel and where its mm cannot be read.
  static std::optional<ProcessMemory> open(collect::Workbench& machine, const model::Task& task);
  VirtualAddress mm() const { return mm_; }
  PhysicalAddress root() const { return root_; }
  const VirtualMemory& user() const { return memory_; }

 private:
  ProcessMemory(VirtualAddress mm, PhysicalAddress root, target::UserMemory memory)
      : mm_(mm), root_(root), memory_(std::move(memory)) {}
  VirtualAddress mm_;
  PhysicalAddress root_;
  target::UserMemory memory_;
};

}  // namespace whyhung::commands
