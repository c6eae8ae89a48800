// SPDX-License-Identifier: GPL-2.0-or-later
// All that a log says of one CPU: complaints of detectors, and what its stacks show.
#pragma once

#include <map>

#include "log/case.h"
#include "log/saying.h"

namespace whyhung::log {

// A stall of fewer jiffies is none of a hang: some kernels report expedited grace periods after milliseconds.
inline constexpr std::uint64_t kShortStall = 1000;
// A first report of a lockup comes after 20 to 30 s.
inline constexpr std::uint64_t kLongSeconds = 60;

struct Complaint {
  Saying saying;
  std::optional<std::uint64_t> number;
  std::uint64_t line = 0;
};

struct CpuStory {
  std::uint32_t cpu = 0;
  std::size_t complaints = 0;
  std::size_t kinds_of_complaint = 0;  // detectors that agree: soft lockup, hard lockup, RCU, a stalled pool
  std::vector<Complaint> told;         // the first of each kind, and the newest lockup
  std::optional<double> onset;
  std::uint64_t first_seconds = 0;  // that its first lockup speaks of
  bool hard = false;
  bool deaf = false;
  bool interrupts_off = false;
  bool interrupts_on = false;       // at the newest look at it
  bool rcu_starved = false;         // RCU's thread of this CPU wants to run and does not come to it
  bool unsure = false;              // only doubted entries on its stacks
  bool in_interrupt = false;        // in a handler: its task was only interrupted
  bool in_softirq = false;          // … of a softirq
  bool point_lost = false;          // a report of a detector without its registers
  bool shown_by_interrupt = false;  // a register dump of the CPU itself, not of a task's old stack
  ActivityKind kind = ActivityKind::kUnknown;
  std::optional<std::uint32_t> pid;
  std::string_view comm;
  std::string_view function;  // innermost that all its stacks have in common
  std::string_view module;
  std::string_view site;
  std::size_t same_function = 0;  // stacks of detectors that have it
  std::uint64_t last_line = 0;
  std::vector<std::string_view> names;  // functions of the newest stack

  bool contains(std::string_view name) const;
};

using CpuStories = std::map<std::uint32_t, CpuStory>;  // by number
CpuStories cpu_stories(const Case& facts);

}  // namespace whyhung::log
