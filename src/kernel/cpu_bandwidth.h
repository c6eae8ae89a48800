// SPDX-License-Identifier: GPL-2.0-or-later
// The CPU time that a control group may use (CONFIG_CFS_BANDWIDTH, kernel/sched/fair.c): a group that has used its
// quota is throttled on a CPU until its next period, and its tasks stay runnable without running, whatever they hold.
#pragma once

#include <optional>
#include <string>

#include "kernel/fields.h"

namespace whyhung::kernel {

struct Throttle {
  std::string group;             // path of the control group from the root; empty: not known
  std::uint64_t quota = 0;       // ns that it may use in each period
  std::uint64_t period = 0;      // ns
  std::uint64_t throttled = 0;   // cfs_rq.throttled of the group on that CPU
  bool until_user_mode = false;  // v6.18 (e1fad12dcb66): the task itself was taken off, on its way to user mode
};

class CpuBandwidthView {
 public:
  static CpuBandwidthView bind(Binder& binder);

  // The innermost control group that keeps the runnable `task` off `cpu`; nothing when none does.
  std::optional<Throttle> throttle_of(const VirtualMemory& memory, VirtualAddress task, std::uint32_t cpu) const;

 private:
  std::string path_of(const VirtualMemory& memory, VirtualAddress group) const;
  Throttle describe(const VirtualMemory& memory, VirtualAddress group) const;

  Field task_queue_, task_throttled_;
  Field queue_throttled_, queue_group_, group_parent_, group_queues_;
  Field group_cgroup_, quota_, period_;
  Field cgroup_node_, node_name_, node_parent_;
};

}  // namespace whyhung::kernel
