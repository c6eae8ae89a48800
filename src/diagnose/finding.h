// SPDX-License-Identifier: GPL-2.0-or-later
// Finding: one hang, explained: who is the culprit, who suffers, and the chain from symptom to cause, link by link with
// evidence. Facts only: the sentences are made where the finding is shown.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "diagnose/facts.h"
#include "model/snapshot.h"

namespace whyhung::diagnose {

enum class HangClass : std::uint8_t {
  kStopMachineStarved,
  kCpuHog,
  kIrqsOff,
  kMutexDeadlock,   // tasks that hold mutexes and want each other's
  kSelfDeadlock,    // a task waits for what it holds
  kMixedLockCycle,  // a circle of anything but mutexes alone: rw_semaphores, completions, of one kind or several
  kWorkqueueFlushDeadlock,   // a circle through a work item
  kSpinlockDeadlock,         // CPUs that spin for each other's locks, or for their own
  kLockHeldBySleeper,        // the holder sleeps and nobody wakes it
  kLockHeldByExitedTask,     // the holder has gone
  kLockLeaked,               // nobody who could release it is left, and nothing tells who took it
  kCrashed,                  // no hang: an exception, a BUG or a panic of the kernel's own stopped the machine
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
std::span<const EnumName<HangClass>> words_of(HangClass);

// What a link of a chain states. The type of its facts (diagnose/facts.h) and the nodes that belong to each are listed
// beside it.
enum class Claim : std::uint8_t {
  kAskedForStopMachine,    // StopFacts. nodes: task
  kStopMachineState,       // StopFacts. nodes: resource
  kCpusTookPart,           // nodes: CPUs
  kCpuDidNotTakePart,      // nodes: CPU, stopper task
  kStopperCannotRun,       // nodes: stopper task, CPU, occupant task
  kCpuOccupied,            // OccupantFacts. nodes: CPU, task
  kInterruptsOn,           // nodes: CPU
  kInterruptsOff,          // nodes: CPU
  kPreemptionDisabled,     // DepthFacts. nodes: CPU
  kKernelNotPreemptible,   // PreemptionFacts
  kSoftirqNotPreemptible,  // nodes: CPU
  kRescheduleIgnored,      // nodes: CPU
  kWatchdogStale,          // ClockFacts. nodes: CPU
  kClockStopped,           // ClockFacts. nodes: CPU
  kCallPending,            // nodes: CPU: function calls of other CPUs wait for it
  kEndlessLoop,            // LoopFacts
  kLoop,                   // LoopFacts
  kCpuWaitsForIpi,         // CallFacts. nodes: waiting CPU, CPU waited for
  kTaskWaits,              // WaitFacts. nodes: task, resource
  kHeldBy,                 // HeldFacts. nodes: resource, task or CPU
  kCycleCloses,            // nodes: tasks
  kHolderSleeps,           // RestFacts. nodes: task
  kHolderNaps,             // the same of one that runs now and then and sleeps again
  kHolderRuns,             // the same of one that works on and on
  kHolderStopped,          // the same of one that a signal, a tracer or the freezer stopped
  kHolderGone,             // GoneFacts. nodes: task
  kNobodyCompletes,        // nodes: resource
  kCpuSpins,               // WaitFacts, age: since its watchdog was served. nodes: CPU, its task, resource
  kCpuHoldsSpinlocks,      // DepthFacts. nodes: CPU
  kOnlyTheseCouldHold,     // nodes: CPUs
  kNobodyHolds,            // DepthFacts: of all CPUs together. nodes: resources
  kTaskStarves,            // StarvationFacts. nodes: task, CPU
  kThrottled,              // ThrottleFacts. nodes: task
  kOthersPreferred,        // PreferenceFacts. nodes: CPU, task that it runs, starved task
  kWaitsForIo,             // RestFacts. nodes: task
  kServerSilent,           // SilenceFacts. nodes: resource; task that serves it, where it is one
  kDeviceSilent,           // SilentDeviceFacts. nodes: resource
  kRealTimeRuns,           // RealTimeFacts. nodes: CPU, task
  kInsideReclaim,          // ReclaimFacts. nodes: task
  kInterruptLost,          // nodes: CPU: it could take the interrupt and never did
  kCpuNotRun,              // nodes: CPU: it could take interrupts and took none at all
  kWakeupLost,             // LostFacts. nodes: resource
  kSleptAtomically,        // RestFacts. nodes: task: with a spinlock held
  kHolderKilled,           // KilledFacts. nodes: resource
  kKernelDied,             // CrashFacts. nodes: CPU, task
  kMachineStopped,         // CrashFacts. nodes: CPU: by panic(), and with which words
};
std::string_view name_of(Claim claim);
std::span<const EnumName<Claim>> words_of(Claim);

struct Link {
  Claim claim;
  std::vector<model::NodeId> nodes;
  LinkFacts facts;
  model::Certainty certainty = model::Certainty::kCertain;
  std::vector<model::Evidence> evidence;
};

// The facts of a type; where the link has others, such as have nothing to say.
template <typename T>
const T& facts_of(const Link& link) {
  static const T kNothing;
  const T* facts = std::get_if<T>(&link.facts);
  return facts == nullptr ? kNothing : *facts;
}
// The same, to be filled.
template <typename T>
T& facts_in(Link& link) {
  if (!std::holds_alternative<T>(link.facts)) link.facts = T{};
  return std::get<T>(link.facts);
}

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
  kMendCrash,
  kFindMemoryUser,
};
std::string_view name_of(Advice advice);
std::span<const EnumName<Advice>> words_of(Advice);

// One of the same kind as a finding: the same class, functions, kinds of resources and stacks.
struct Alike {
  std::vector<Culprit> culprits;
  std::uint64_t resource = 0;  // that its chain ends at; 0: none
  std::size_t victim_tasks = 0;
  std::size_t victim_cpus = 0;
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
  std::vector<Alike> also;  // more of the same kind, which have no finding of their own
};

}  // namespace whyhung::diagnose
