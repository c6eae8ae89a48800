// SPDX-License-Identifier: GPL-2.0-or-later
// The registers of a task that is switched out, as the context switch left them: on its stack (x86: struct
// inactive_task_frame, arch/x86/include/asm/switch_to.h; ppc64: a frame of the back chain), in the task itself on arm64
// and riscv64 (struct cpu_context and struct thread_struct, asm/processor.h of each).
#pragma once

#include <optional>

#include "arch/architecture.h"
#include "kernel/fields.h"
#include "kernel/task.h"

namespace whyhung::kernel {

struct SwitchedOut {
  arch::RegisterSet registers;
  // The program counter stands at the first instruction of code that never ran: a new task's ret_from_fork.
  bool pc_is_exact = false;
};

class SwitchFrameView {
 public:
  static SwitchFrameView bind(const arch::Architecture& architecture, Binder& binder, debuginfo::TypeSource& types);
  // Only for tasks that no CPU runs: a running task's saved stack pointer is stale.
  ReadResult<SwitchedOut> read(const Access& access, const TaskView& tasks, VirtualAddress task) const;

 private:
  struct Saved {
    Field field;
    std::size_t reg;
  };
  const arch::Architecture* architecture_ = nullptr;
  std::vector<Saved> saved_;
  bool is_in_task_ = false;
  std::uint64_t frame_size_ = 0;
  ReadResult<SwitchedOut> (*reader_)(const Access&, VirtualAddress) = nullptr;
};

}  // namespace whyhung::kernel
