// SPDX-License-Identifier: GPL-2.0-or-later
// Spinlocks that a function has taken and not given back when it stands at one of its instructions, read from its code.
#pragma once

#include <functional>
#include <vector>

#include "arch/architecture.h"
#include "collect/flow_graph.h"

namespace whyhung::collect {

enum class LockCall : std::uint8_t { kNone, kTakes, kGivesBack };

// What the code calls, and how the machine hands over a function's first argument.
struct LockCode {
  std::function<LockCall(VirtualAddress)> call;
  std::size_t argument = 0;       // register
  std::vector<std::size_t> kept;  // registers that a call leaves as they were
};
// Nothing for a machine whose code is not known well enough.
std::optional<LockCode> lock_code(const arch::Architecture& architecture);

struct TakenLock {
  VirtualAddress call;                 // the instruction that took it
  std::optional<VirtualAddress> lock;  // that the code itself names
  std::int64_t displacement = 0;       // else: so far behind an address that the function got from elsewhere
};

// The locks with which some way through the function comes to instruction `at`, in the order of the code.
std::vector<TakenLock> taken_on_the_way(const FlowGraph& graph, std::uint32_t at, const LockCode& code);

}  // namespace whyhung::collect
