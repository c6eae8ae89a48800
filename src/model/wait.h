// SPDX-License-Identifier: GPL-2.0-or-later
// Waits: who cannot go on until whom. A wait goes from a task or CPU to a resource, a resource names who must act (owner,
// completer, participants). Every link carries its evidence.
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
inline NodeId task_node(std::uint64_t address) { return {NodeKind::kTask, address}; }
inline NodeId cpu_node(std::uint32_t number) { return {NodeKind::kCpu, number}; }
inline NodeId resource_node(std::uint64_t address) { return {NodeKind::kResource, address}; }

enum class ResourceKind : std::uint8_t {
  kStopMachine,   // a stop_machine request: every participant must take part
  kStopWork,      // one CPU's stopper must run a function
  kCompletion,
  kSpinlock,
  kIpi,           // a function call on another CPU
};

struct Holder {
  NodeId who;
  std::string role;  // "must take part", "owner", "completer"
  Certainty certainty = Certainty::kCertain;
  std::vector<Evidence> evidence;
  bool operator==(const Holder&) const = default;
};

struct Resource {
  std::uint64_t address = 0;
  ResourceKind kind = ResourceKind::kCompletion;
  std::string name;              // "stop_machine(take_cpu_down)", a symbol, …
  std::vector<Holder> holders;   // who must act for the waiters to go on
  std::vector<Evidence> evidence;
  bool operator==(const Resource&) const = default;
};

struct Wait {
  NodeId waiter;
  NodeId on;
  std::string how;               // "sleeps in wait_for_completion", "spins in multi_cpu_stop"
  std::optional<std::uint64_t> since;
  Certainty certainty = Certainty::kCertain;
  std::vector<Evidence> evidence;
  bool operator==(const Wait&) const = default;
};

// A stop_machine request as the kernel holds it (kernel/stop_machine.c), for the detector and the report.
struct StopMachineRequest {
  std::uint64_t address = 0;          // multi_stop_data
  std::string function;               // symbol of fn: what was to be done with the machine stopped
  std::string state;                  // MULTI_STOP_PREPARE, …
  std::uint32_t num_threads = 0;
  std::uint32_t thread_ack = 0;       // CPUs that have not acknowledged the present state
  std::uint64_t requester = 0;        // task that asked; 0: not found
  std::vector<std::uint32_t> acknowledged_cpus;  // their stopper runs multi_cpu_stop
  std::vector<std::uint32_t> missing_cpus;       // their stopper has the work queued, or is not in multi_cpu_stop
  bool operator==(const StopMachineRequest&) const = default;
};

std::string_view name_of(NodeKind kind);
std::string_view name_of(ResourceKind kind);
std::optional<NodeKind> node_kind_of(std::string_view name);
std::optional<ResourceKind> resource_kind_of(std::string_view name);

}  // namespace whyhung::model
