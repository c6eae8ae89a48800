// SPDX-License-Identifier: GPL-2.0-or-later
// Waits: who cannot go on until whom. A wait goes from a task or CPU to a resource, a resource names who must act
// (owner, completer, participants). Every link carries its evidence.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/evidence.h"
#include "model/facts.h"

namespace whyhung::model {

enum class NodeKind : std::uint8_t { kTask, kCpu, kResource };

// Tasks are named by address, CPUs by number, resources by address (of the lock, completion, request, …).
struct NodeId {
  NodeKind kind = NodeKind::kTask;
  std::uint64_t id = 0;
  auto operator<=>(const NodeId&) const = default;
};
inline NodeId task_node(std::uint64_t address) {
  return {NodeKind::kTask, address};
}
inline NodeId cpu_node(std::uint32_t number) {
  return {NodeKind::kCpu, number};
}
inline NodeId resource_node(std::uint64_t address) {
  return {NodeKind::kResource, address};
}

enum class ResourceKind : std::uint8_t {
  kStopMachine,  // a stop_machine request: every participant must take part
  kStopWork,     // one CPU's stopper must run a function
  kMutex,
  kRwSemaphore,
  kSemaphore,
  kPercpuRwSemaphore,
  kRtMutex,
  kSpinlock,
  kCompletion,      // holders: who completes it
  kWaitQueue,       // a condition that somebody must make true and signal
  kBitWait,         // a bit of a word: page lock, writeback, inode or buffer state
  kIpi,             // a function call that another CPU must run
  kRcuGracePeriod,  // holders: CPUs and tasks that have not passed a quiescent state
  kWorkItem,        // a work_struct: holders: the worker that runs it, or what keeps it from running
  kWorkPool,        // a pool of workers that has none free
  kDevice,          // a driver or its hardware: outside of the kernel's own logic
  kServer,          // a daemon or another machine that must answer: FUSE, NFS
  kFutex,           // a lock or condition of user space
  kFileLock,        // flock(), a POSIX or OFD lock
};

// What a holder has to do with the resource.
enum class HolderRole : std::uint8_t {
  kOwner,                // the lock's own record names it
  kReader,               // took it last for reading
  kLastHolder,           // took it last, of several that may have it
  kHandedOver,           // the lock was handed to it, and it has not taken it yet
  kSpins,                // CPUs only: holds the spinlock
  kMustTakePart,         // in stop_machine
  kMustRun,              // a stopper's work
  kExecutes,             // the work item
  kOccupiesQueue,        // keeps the queue busy that may not execute more at a time
  kOccupiesPool,         // a worker of the pool that the item waits in
  kExecutesQueue,        // work of the queue that is flushed
  kMustEnd,              // a kernel thread whose end somebody waits for
  kMustPark,             // or its parking
  kMustMakeThread,       // kthreadd
  kVforkChild,           // runs in its parent's memory until it executes a program or exits
  kOwesQuiescentState,   // a CPU that has not passed one since the grace period began
  kRunsReader,           // the same, whose task is inside of rcu_read_lock()
  kWasPreemptedReading,  // a task that is inside of rcu_read_lock() and does not run
  kServes,               // the process behind it
  kLooksUp,              // a name
  kHasNotBegun,          // the function that another CPU wants run
  kHasNotEnded,
  kOther,  // of a snapshot of other versions
};

// How the one who waits does it. The sentence is made in report.
enum class WaitKind : std::uint8_t {
  kSleeps,              // until the resource is had, or comes
  kSleepsAtWord,        // of its own memory: a futex
  kSleepsAtFutexLock,   // an rt_mutex that belongs to a futex
  kSleepsForPage,       // until it is read or written
  kSleepsForPageLock,   // until it is unlocked
  kSleepsForBuffer,     // until it is read, written or unlocked
  kSleepsUntilThawed,   // a file system
  kSleepsForLookup,     // of a name
  kSleepsForAnswer,     // to a request: WaitHow::request, taken_up
  kSleepsForCall,       // that another machine must answer: WaitHow::request is the queue that it stands in
  kAskedForStop,        // of the machine
  kWaitsForStopper,     // of a CPU
  kSpins,               // until the resource is had
  kSpinsInStopMachine,  // until all CPUs take part
  kOther,               // of a snapshot of other versions
};

struct WaitHow {
  WaitHow(WaitKind how = WaitKind::kSleeps) : kind(how) {}
  WaitKind kind;
  std::string function;          // whose code wants it: past the kernel's own waiting; empty: not known
  std::string module;            // empty: the kernel itself
  std::optional<LockMode> mode;  // in which it is wanted, where there is a choice
  std::optional<FileLockFamily> family;
  std::string request;           // what was asked of a server
  std::optional<bool> taken_up;  // the server has read the request
  bool operator==(const WaitHow&) const = default;
};

struct Holder {
  NodeId who;
  HolderRole role = HolderRole::kOwner;
  Certainty certainty = Certainty::kCertain;
  std::vector<Evidence> evidence;
  bool operator==(const Holder&) const = default;
};

struct Resource {
  std::uint64_t address = 0;
  ResourceKind kind = ResourceKind::kCompletion;
  std::string name;             // a symbol ("alpha_lock [module]"), a function, or empty for a nameless one
  ResourceFacts facts;          // what detectors of this kind want to know besides
  std::vector<Holder> holders;  // who must act for the waiters to go on
  std::vector<Evidence> evidence;
  bool operator==(const Resource&) const = default;
};

// The facts of a type; null when the resource has others.
template <typename T>
const T* facts_of(const Resource& resource) {
  return std::get_if<T>(&resource.facts);
}
// The same, made when there are none of that type yet.
template <typename T>
T& facts_in(Resource& resource) {
  if (!std::holds_alternative<T>(resource.facts)) resource.facts = T{};
  return std::get<T>(resource.facts);
}
// The completion behind it, if there is one; null: there is none.
const CompletionFacts* completion_of(const Resource& resource);

struct Wait {
  NodeId waiter;
  NodeId on;
  WaitHow how;
  std::optional<std::uint64_t> since;
  Certainty certainty = Certainty::kCertain;
  std::vector<Evidence> evidence;
  bool operator==(const Wait&) const = default;
};

// A stop_machine request as the kernel holds it (kernel/stop_machine.c), for the detector and the report.
struct StopMachineRequest {
  std::uint64_t address = 0;  // multi_stop_data
  std::string function;       // symbol of fn: what was to be done with the machine stopped
  std::string state;          // MULTI_STOP_PREPARE, …
  std::uint32_t num_threads = 0;
  std::uint32_t thread_ack = 0;                  // CPUs that have not acknowledged the present state
  std::uint64_t requester = 0;                   // task that asked; 0: not found
  std::vector<std::uint32_t> acknowledged_cpus;  // their stopper runs multi_cpu_stop
  std::vector<std::uint32_t> missing_cpus;       // their stopper has the work queued, or is not in multi_cpu_stop
  bool operator==(const StopMachineRequest&) const = default;
};

std::string_view name_of(NodeKind kind);
std::string_view name_of(ResourceKind kind);
std::string_view name_of(HolderRole role);
std::string_view name_of(WaitKind kind);
std::span<const EnumName<NodeKind>> words_of(NodeKind);
std::span<const EnumName<HolderRole>> words_of(HolderRole);
std::span<const EnumName<WaitKind>> words_of(WaitKind);

// What is the same for all resources of a kind.
struct ResourceKindWords {
  ResourceKind value;
  std::string_view name;  // in JSON
  std::string_view noun;  // in sentences
  bool is_lock = false;   // of the kernel, that a task sleeps for
};
std::span<const ResourceKindWords> words_of(ResourceKind);
bool is_lock(ResourceKind kind);

}  // namespace whyhung::model
