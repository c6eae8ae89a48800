// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/cpu_hotplug.h"

namespace whyhung::kernel {

CpuHotplugView CpuHotplugView::bind(Binder& binder) {
  CpuHotplugView v;
  v.thread_ = binder.optional("cpuhp_cpu_state", {"thread"});
  v.at_work_ = binder.optional("cpuhp_cpu_state", {"should_run"});
  // v4.15 (5ebe7742fff8) made two of one.
  v.done_up_ = binder.optional("cpuhp_cpu_state", {"done_up", "done"});
  v.done_down_ = binder.optional("cpuhp_cpu_state", {"done_down", "done"});
  return v;
}

std::optional<VirtualAddress> CpuHotplugView::who_completes(const Access& access, const PerCpu& percpu,
                                                            std::uint32_t cpu, VirtualAddress completion) const {
  if (!thread_.exists() || !done_up_.exists() || !done_down_.exists()) return std::nullopt;
  const auto state = percpu.find("cpuhp_state", cpu);
  if (!state || (done_up_.in(*state) != completion && done_down_.in(*state) != completion)) return std::nullopt;
  // On its way up a CPU completes it itself, before its thread is there.
  const auto at_work = at_work_.read(access.memory, *state);
  const auto thread = thread_.read_pointer(access.memory, *state);
  if (!at_work || *at_work == 0 || !thread || thread->is_null()) return std::nullopt;
  return *thread;
}

}  // namespace whyhung::kernel
