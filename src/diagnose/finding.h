// SPDX-License-Identifier: GPL-2.0-or-later
// Finding: one hang, explained: who is the culprit, who suffers, and the chain from symptom to cause, link by link with
// evidence. Facts only: the sentences are made where the finding is shown.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/snapshot.h"

namespace whyhung::diagnose {

enum class HangClass : std::uint8_t { kStopMachineStarved, kCpuHog, kIrqsOff, kNone, kUndetermined };
std::string_view name_of(HangClass hang_class);

// What a link of a chain states. The nodes and facts that belong to each are listed beside it.
enum class Claim : std::uint8_t {
  kAskedForStopMachine,    // nodes: task. facts: function
  kStopMachineState,       // nodes: resource. facts: state, threads, missing, function
  kCpusTookPart,           // nodes: CPUs
  kCpuDidNotTakePart,      // nodes: CPU, stopper task
  kStopperCannotRun,       // nodes: stopper task, CPU, occupant task
  kStopWorkWaiter,         // nodes: task, CPU. facts: function
  kCpuOccupied,            // nodes: CPU, task. facts: function, module, context, seconds (may be absent)
  kInterruptsOn,           // nodes: CPU
  kInterruptsOff,          // nodes: CPU
  kPreemptionDisabled,     // nodes: CPU. facts: depth
  kKernelNotPreemptible,   // facts: model
  kSoftirqNotPreemptible,  // nodes: CPU
  kRescheduleIgnored,      // nodes: CPU
  kWatchdogStale,          // nodes: CPU. facts: seconds, threshold (may be absent)
  kClockStopped,           // nodes: CPU. facts: seconds
  kCallPending,            // nodes: CPU: function calls of other CPUs wait for it
  kEndlessLoop,            // facts: function, module, begin, end, bytes
  kLoop,                   // facts: function, module, exit, depends, value (may be absent), symbol (may be absent)
  kCpuWaitsForIpi,         // nodes: waiting CPU, CPU waited for
};

struct Link {
  Claim claim;
  std::vector<model::NodeId> nodes;
  std::map<std::string, std::string, std::less<>> facts;
  model::Certainty certainty = model::Certainty::kCertain;
  std::vector<model::Evidence> evidence;
};

enum class CulpritKind : std::uint8_t { kTask, kSoftirq, kHardirq };
std::string_view name_of(CulpritKind kind);

struct Culprit {
  CulpritKind kind = CulpritKind::kTask;
  std::uint64_t task = 0;  // address; of a softirq or interrupt: the task that it came in on top of
  std::uint32_t pid = 0;
  std::string comm;
  std::optional<std::uint32_t> cpu;
  std::string function;        // the function that holds the CPU
  std::string module;          // empty: the kernel itself
  std::uint32_t location = 0;  // index into Snapshot::locations: the program counter in that function
};

// The change to think of first.
enum class Advice : std::uint8_t { kYieldInLoop, kShortenPreemptOff, kShortenIrqOff, kShortenSoftirq };

struct Finding {
  HangClass hang_class = HangClass::kUndetermined;
  model::Certainty confidence = model::Certainty::kPossible;
  std::vector<Culprit> culprits;
  std::vector<std::uint64_t> victim_tasks;  // addresses: waiting for the culprit, directly or not
  std::vector<std::uint32_t> victim_cpus;
  std::uint64_t requester = 0;  // task that asked for what cannot be done; 0: none
  std::string requested;        // what it asked for: the function to run with the machine stopped
  std::vector<Link> chain;      // from the symptom to the cause
  std::vector<Advice> advice;
};

}  // namespace whyhung::diagnose
