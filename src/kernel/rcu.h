// SPDX-License-Identifier: GPL-2.0-or-later
// The RCU grace period that is under way, and who has not let it pass (kernel/rcu/tree.h).
#pragma once

#include <optional>
#include <vector>

#include "kernel/fields.h"

namespace whyhung::kernel {

struct GracePeriod {
  VirtualAddress state;        // rcu_state
  std::uint64_t sequence = 0;  // rcu_state.gp_seq
  bool active = false;
  std::vector<std::uint32_t> cpus;    // CPUs that owe a quiescent state
  std::vector<VirtualAddress> tasks;  // preempted inside of a read-side section, and in the way
};

// Nothing for kernels with several flavours of RCU (before v4.20), and where it cannot be read.
std::optional<GracePeriod> read_grace_period(const Access& access, Binder& binder);

}  // namespace whyhung::kernel
