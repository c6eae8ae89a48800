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
  kBlockRequest,    // I/O that a device has not answered
  kDevice,          // a driver or its hardware: outside of the kernel's own logic
  kServer,          // a daemon or another machine that must answer: FUSE, NFS
  kFutex,           // a lock or condition of user space
  kFileLock,        // flock(), a POSIX or OFD lock
  kPeer,            // the other end of a pipe or socket
  kFreeze,          // stopped by a signal, a tracer or the cgroup freezer
  kMemory,          // free memory
};

// The role of a CPU whose task is inside of rcu_read_lock() while a grace period waits for it.
inline constexpr std::string_view kRunsReader = "runs a reader";
// That of a kernel thread whose end, or whose parking, somebody waits for.
inline constexpr std::string_view kMustEnd = "must end";
inline constexpr std::string_view kMustPark = "must park";

struct Holder {
  NodeId who;
  std::string role;  // "must take part", "owner", "completer"
  Certainty certainty = Certainty::kCertain;
  std::vector<Evidence> evidence;
  bool operator==(const Holder&) const = default;
};

struct Fact {
  std::string name;  // "readers", "done", "device"
  std::string value;
  bool operator==(const Fact&) const = default;
};

struct Resource {
  std::uint64_t address = 0;
  ResourceKind kind = ResourceKind::kCompletion;
  std::string name;             // a symbol ("alpha_lock [module]"), a function, or empty for a nameless one
  std::vector<Fact> facts;      // what detectors of this kind want to know besides
  std::vector<Holder> holders;  // who must act for the waiters to go on
  std::vector<Evidence> evidence;
  bool operator==(const Resource&) const = default;
};

struct Wait {
  NodeId waiter;
  NodeId on;
  std::string how;  // "sleeps in wait_for_completion", "spins in multi_cpu_stop"
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
std::optional<NodeKind> node_kind_of(std::string_view name);
std::optional<ResourceKind> resource_kind_of(std::string_view name);

}  // namespace whyhung::model
