// SPDX-License-Identifier: GPL-2.0-or-later
// CPU hotplug (kernel/cpu.c): the thread of each CPU that brings it up and down, step by step, and the completions by
// which it says that it has.
#pragma once

#include <optional>

#include "kernel/fields.h"
#include "kernel/percpu.h"

namespace whyhung::kernel {

class CpuHotplugView {
 public:
  static CpuHotplugView bind(Binder& binder);
  // The thread of that CPU when it is at work and will complete `completion`.
  std::optional<VirtualAddress> who_completes(const Access& access, const PerCpu& percpu, std::uint32_t cpu,
                                              VirtualAddress completion) const;

 private:
  Field thread_, at_work_, done_up_, done_down_;
};

}  // namespace whyhung::kernel
