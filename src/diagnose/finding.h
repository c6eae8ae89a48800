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

enum class HangClass : std::uint8_t {
  kStopMachineStarved,
  kCpuHog,
  kIrqsOff,
  kMutexDeadlock,            // tasks that hold mutexes and want each other's
  kSelfDeadlock,             // a task waits for what it holds
  kMixedLockCycle,           // a circle of locks and completions of different kinds
  kWorkqueueFlushDeadlock,   // a circle through a work item
  kSpinlockDeadlock,         // CPUs that spin for each other's locks, or for their own
  kLockHeldBySleeper,        // the holder sleeps and nobody wakes it
  kLockHeldByExitedTask,     // the holder has gone
  kRwsemReaderBlocksWriter,  // a reader sleeps, a writer waits for it, readers wait behind the writer
  kHolderFrozen,             // the holder was stopped from outside
  kLostWakeup,               // what is waited for has come, and the waiter sleeps on
  kNeverCompleted,           // nobody is left who could complete it
  kWorkqueueStall,           // a worker does not come to the end of its work
  kRtHog,                    // a real-time task keeps a CPU from all others
  kStarvation,               // a task could run, and the scheduler does not let it
  kRcuStall,                 // a reader does not leave its read-side section, and tasks wait for the grace period
  kMemoryReclaimStall,       // whoever frees memory does not come back from it
  kIpiNotAnswered,           // a CPU does not run what another waits for
  kExternal,                 // a CPU was not run at all, from outside of the kernel
  kIoStuck,                  // what lies below the block layer does not answer
  kServerGone,               // a daemon or another machine does not answer: FUSE, NFS
  kUserSpaceLock,            // locks of user space: futexes, file locks
  kNone,
  kUndetermined
};
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
  kCpuWaitsForIpi,         // nodes: waiting CPU, CPU waited for. facts: function (may be absent)
  kTaskWaits,              // nodes: task, resource. facts: how, seconds (may be absent)
  kHeldBy,                 // nodes: resource, task or CPU. facts: role
  kCycleCloses,            // nodes: tasks
  kHolderSleeps,           // nodes: task. facts: function, module, state, seconds
  kHolderNaps,             // the same of one that runs now and then and sleeps again
  kHolderRuns,             // the same of one that works on and on
  kHolderStopped,          // the same of one that a signal, a tracer or the freezer stopped
  kHolderGone,             // nodes: task. facts: how (absent, exited, reused), seconds (reused)
  kNobodyCompletes,        // nodes: resource
  kCpuSpins,               // nodes: CPU, its task, resource. facts: how, seconds (may be absent)
  kCpuHoldsSpinlocks,      // nodes: CPU. facts: held
  kOnlyTheseCouldHold,     // nodes: CPUs
  kTaskStarves,            // nodes: task, CPU. facts: seconds, others (how many besides)
  kThrottled,              // nodes: task. facts: group (may be empty), quota, period (ms)
  kOthersPreferred,        // nodes: CPU, task that it runs, starved task. facts: others, running, starved (nice)
  kWaitsForIo,             // nodes: task. facts: function, module, seconds
  kServerSilent,   // nodes: resource; task that serves it, where it is one. facts: how (stopped, sleeps, nobody,
                   // remote); of a task: state, function, module, seconds; of another machine: connected
  kDeviceSilent,   // nodes: resource. facts: those of the resource
  kRealTimeRuns,   // nodes: CPU, task. facts: policy, priority, mode (user, kernel)
  kInsideReclaim,  // nodes: task. facts: function (the shrinker or the like), reclaim (the kernel's own)
  kInterruptLost,  // nodes: CPU: it could take the interrupt and never did
  kCpuNotRun,      // nodes: CPU: it could take interrupts and took none at all
  kWakeupLost,     // nodes: resource. facts: done, count, owner (those that there are)
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
  std::optional<std::uint32_t> cpu;  // which it holds, or on which it ran last
  bool occupies_cpu = true;          // false: it sleeps
  std::string function;              // the function that holds the CPU, or that it sleeps in
  std::string module;                // empty: the kernel itself
  std::uint32_t location = 0;        // index into Snapshot::locations: the program counter in that function
};

// The change to think of first.
enum class Advice : std::uint8_t {
  kYieldInLoop,
  kShortenPreemptOff,
  kShortenIrqOff,
  kShortenSoftirq,
  kOrderLocks,
  kTakeOnce,
  kDontSleepWithLock,
  kContinueHolder,
  kReleaseLock,
  kWakeAfterChange,
  kComplete,
  kEndWork,
  kOrderSpinlocks,
  kThrottleRealTime,
  kGiveCpuTime,
  kReleaseInLoop,
  kHeedStop,
  kLookBelow,
  kLeaveReadSection,
  kDontWaitInReclaim,
  kLookOutside,
  kLookAtServer,
  kContinueServer,
  kResumeDevice,
  kOrderUserLocks,
};

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
