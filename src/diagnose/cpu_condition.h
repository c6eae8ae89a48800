// SPDX-License-Identifier: GPL-2.0-or-later
// The condition of a CPU, judged from its own facts and from the clocks of all: idle, working, waiting for another CPU,
// or held by something that does not let go. Detectors start from here, never from the CPU that panicked.
#pragma once

#include <optional>
#include <vector>

#include "diagnose/finding.h"
#include "model/index.h"

namespace whyhung::diagnose {

enum class CpuDoing : std::uint8_t {
  kIdle,
  kUserMode,
  kServesDump,   // its task itself asked for the panic or the dump
  kWaitsForCpu,  // the kernel's own busy wait for another CPU: a victim
  kKernelCode,
  kOffline,  // taken out of use, or never there: nothing runs or waits there
  kUnknown,  // no registers: what it did is not known
};

struct CpuCondition {
  const model::Cpu* cpu = nullptr;
  const model::Task* task = nullptr;  // null: unknown
  CpuDoing doing = CpuDoing::kUnknown;
  model::ContextKind context = model::ContextKind::kTask;
  std::optional<std::uint64_t> held;          // ns for which the task has had the CPU
  std::optional<std::uint64_t> unwatched;     // ns since the CPU's stopper last served the watchdog
  bool unwatched_by_stopper = false;          // the watchdog's stamp says nothing: since the stopper became runnable
  std::optional<std::uint64_t> clock_behind;  // ns that its runqueue's clock lags behind the newest
  bool stopper_starved = false;               // its stopper is runnable, has work, and does not run
  bool endless_loop = false;                  // proven: no way out and nothing that yields
  bool lockup = false;                        // unwatched for longer than the kernel's own soft-lockup threshold
  bool preemptible = false;                   // the scheduler could take the CPU away at the next tick
  bool not_run = false;                       // it could take interrupts, and has taken none for seconds
  bool ticks_stopped = false;                 // it takes no timer interrupts although it is not idle
  bool deaf = false;  // it takes no interrupts: their flag says so or, where that is not known, ticks
};

// One for each CPU, in their order.
std::vector<CpuCondition> judge_cpus(const model::Index& index);

// Whether the CPU has stood where it stands for long: nothing served its watchdog, or it took no ticks.
bool stands_long(const CpuCondition& condition);

// The task that a CPU runs as a culprit, whatever interrupt came in on top of it.
Culprit task_culprit_on(const model::Snapshot& snapshot, const CpuCondition& condition);

// The culprit that a CPU's activity makes: its task, or the softirq or interrupt on top of it.
Culprit culprit_on(const model::Snapshot& snapshot, const CpuCondition& condition);

}  // namespace whyhung::diagnose
