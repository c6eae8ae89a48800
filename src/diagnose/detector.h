// SPDX-License-Identifier: GPL-2.0-or-later
// Detectors: pure functions from a snapshot to findings, one file each, one table (detectors.cc). To add one: write
// src/diagnose/<name>.cc with a function of this type, add its line to the table, and give it a folder in
// tests/scenarios/ with the hang and its innocent twin.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "diagnose/blame.h"
#include "diagnose/cpu_condition.h"
#include "diagnose/finding.h"
#include "diagnose/wait_graph.h"
#include "diagnose/wait_index.h"

namespace whyhung::diagnose {

struct Case {
  const model::Snapshot& snapshot;
  const model::Index& index;
  const WaitGraph& graph;
  const WaitIndex& waits;
  const std::vector<CpuCondition>& cpus;
  const Blame& blame;
};

// The condition of a CPU; null when it is not known which one, or it is not in the snapshot.
const CpuCondition* condition_of(const Case& facts, std::optional<std::uint32_t> cpu);

struct Detector {
  std::string_view name;
  std::vector<Finding> (*detect)(const Case& facts);
};

std::span<const Detector> detectors();

std::vector<Finding> detect_crashed(const Case& facts);
std::vector<Finding> detect_killed_holder(const Case& facts);
std::vector<Finding> detect_atomic_sleeper(const Case& facts);
std::vector<Finding> detect_stop_machine_starved(const Case& facts);
std::vector<Finding> detect_irqs_off(const Case& facts);
std::vector<Finding> detect_cpu_hog(const Case& facts);
std::vector<Finding> detect_deadlock(const Case& facts);
std::vector<Finding> detect_spinlock_deadlock(const Case& facts);
std::vector<Finding> detect_ipi_not_answered(const Case& facts);
std::vector<Finding> detect_rt_hog(const Case& facts);
std::vector<Finding> detect_server_gone(const Case& facts);
std::vector<Finding> detect_blocked(const Case& facts);
std::vector<Finding> detect_starvation(const Case& facts);
std::vector<Finding> detect_memory_reclaim_stall(const Case& facts);

// Whether the kernel stopped for a reason of its own: not because it saw a hang, nor because somebody asked for a dump.
bool stopped_by_itself(const model::Machine& machine);

// Adds all tasks and CPUs that wait for a node, directly or through others, to the victims, without the culprits.
void add_blocked_by(const Case& facts, model::NodeId node, Finding& finding);
// Fills the victims of a finding: everything that waits for its culprits' CPUs and tasks.
void add_victims(const Case& facts, Finding& finding);

}  // namespace whyhung::diagnose
