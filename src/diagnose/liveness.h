// SPDX-License-Identifier: GPL-2.0-or-later
// Liveness: what could still run on each CPU at the moment of the dump, and so why ping answered and ssh did not. A
// rung of the ladder is alive only while those above it are.
#pragma once

#include <vector>

#include "diagnose/cpu_condition.h"

namespace whyhung::diagnose {

enum class Rung : std::uint8_t { kAlive, kDead, kUnknown };
std::string_view name_of(Rung rung);

// Why the lowest rung that is not alive is not.
enum class RungReason : std::uint8_t {
  kNone,  // everything runs
  kInterruptsOff,
  kInterruptLoops,
  kSoftirqLoops,
  kSoftirqsDisabled,
  kLeftToDaemon,  // ksoftirqd/N is runnable and starves: some kernels leave softirqs to it
  kCpuOccupied,   // task code that does not let go
  kStopperSpins,  // the stopper spins at the highest priority
  kNotRun,        // it could take interrupts and took none
  kWaitsForCpu,   // the kernel's busy wait for another CPU
  kOffline,       // taken out of use, or never there
  kNoRegisters,
};

struct CpuLiveness {
  std::uint32_t cpu = 0;
  Rung hardirq = Rung::kUnknown;
  Rung softirq = Rung::kUnknown;
  Rung threads = Rung::kUnknown;  // kernel threads and user space alike: the scheduler
  RungReason reason = RungReason::kNone;
};

std::vector<CpuLiveness> judge_liveness(const model::Index& index, const std::vector<CpuCondition>& cpus);

}  // namespace whyhung::diagnose
