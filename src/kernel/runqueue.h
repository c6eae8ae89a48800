// SPDX-License-Identifier: GPL-2.0-or-later
// struct rq, one per CPU (kernel/sched/sched.h): who runs, who is idle, how late it is.
#pragma once

#include "kernel/fields.h"
#include "kernel/percpu.h"

namespace whyhung::kernel {

struct RunqueueView {
  static RunqueueView bind(Binder& binder);
  // v6.13 (af0c8b2bf67b): with proxy execution `donor` is what was chosen to run; `curr` is what really executes.
  Field current, idle, stop, nr_running, nr_switches;

  // Nothing while the runqueue lets its clock stand still: then it is no record of ticks.
  ReadResult<std::uint64_t> clock_of(const VirtualMemory& memory, VirtualAddress runqueue) const;

 private:
  // Before v3.19 (9edfbfed3f54): nonzero from a wish to reschedule on until the next task is chosen.
  Field clock_, clock_stands_still_;
};

// The task that CPU's own idea of `current` names: the per-CPU variable, which changes in the middle of a context
// switch, where rq.curr changes before. Nothing when this machine or kernel keeps it elsewhere.
std::optional<VirtualAddress> current_task_variable(const Access& access, const PerCpu& percpu, std::uint32_t cpu);

}  // namespace whyhung::kernel
