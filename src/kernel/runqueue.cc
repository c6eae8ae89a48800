// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/runqueue.h"

namespace whyhung::kernel {

RunqueueView RunqueueView::bind(Binder& binder) {
  RunqueueView v;
  v.current = binder.required("rq", {"curr"});
  v.idle = binder.required("rq", {"idle"});
  v.stop = binder.optional("rq", {"stop"});
  v.clock_ = binder.required("rq", {"clock"});
  v.clock_stands_still_ = binder.optional("rq", {"skip_clock_update"});
  v.nr_running = binder.required("rq", {"nr_running"});
  v.nr_switches = binder.optional("rq", {"nr_switches"});
  return v;
}

ReadResult<std::uint64_t> RunqueueView::clock_of(const VirtualMemory& memory, VirtualAddress runqueue) const {
  const auto stands_still = clock_stands_still_.read_signed(memory, runqueue);
  if (stands_still && *stands_still > 0) return tl::unexpected(ReadFault{FaultKind::kNoSuchField, runqueue.value});
  return clock_.read(memory, runqueue);
}

std::optional<VirtualAddress> current_task_variable(const Access& access, const PerCpu& percpu, std::uint32_t cpu) {
  // v6.2 (e57ef2ed97c1): x86 keeps it in pcpu_hot; v6.15 (a1e4cc0155ad): in a variable of its own again.
  if (const auto hot = percpu.find("pcpu_hot", cpu)) {
    Binder binder(access.types);
    const auto task = binder.optional("pcpu_hot", {"current_task"}).read_pointer(access.memory, *hot);
    if (task) return *task;
  }
  // arm64 keeps it in a register, and a copy for the entry code in __entry_task (v4.10).
  for (const std::string_view name : {"current_task", "__entry_task"}) {
    const auto variable = percpu.find(name, cpu);
    const auto task = variable ? access.memory.read_pointer(*variable) : ReadResult<VirtualAddress>();
    if (task && !task->is_null()) return *task;
  }
  return std::nullopt;
}

}  // namespace whyhung::kernel
