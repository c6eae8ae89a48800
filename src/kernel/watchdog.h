// SPDX-License-Identifier: GPL-2.0-or-later
// The lockup detectors' own notes about each CPU (kernel/watchdog.c, kernel/watchdog_hld.c).
#pragma once

#include <optional>

#include "kernel/fields.h"
#include "kernel/percpu.h"

namespace whyhung::kernel {

struct WatchdogNotes {
  // Units of 2^30 ns of the scheduler's clock: when the CPU's highest-priority thread last ran. 0 on old kernels means
  // that somebody asked to forget the past.
  std::optional<std::uint64_t> touched;
  std::optional<std::uint64_t> timer_interrupts;       // counts timer ticks of the watchdog
  std::optional<std::uint64_t> timer_interrupts_seen;  // the count that the hard-lockup check saw last
};

WatchdogNotes read_watchdog(const Access& access, const PerCpu& percpu, std::uint32_t cpu);
// kernel.watchdog_thresh in seconds; a soft lockup is reported after twice that.
std::optional<std::uint64_t> watchdog_threshold(const Access& access);

// kernel.hung_task_timeout_secs: after how many seconds the kernel itself reports a task that sleeps uninterruptibly;
// 0: never. An unsigned long (kernel/hung_task.c).
std::optional<std::uint64_t> hung_task_timeout(const Access& access);

}  // namespace whyhung::kernel
