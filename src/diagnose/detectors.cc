// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <array>
#include <unordered_set>

#include "diagnose/detector.h"

namespace whyhung::diagnose {
namespace {

// A detector that explains more of a hang stands before those that explain part of it.
constexpr auto kDetectors = std::to_array<Detector>({{"crashed", detect_crashed},
                                                     {"stop-machine-starved", detect_stop_machine_starved},
                                                     {"irqs-off", detect_irqs_off},
                                                     {"cpu-hog", detect_cpu_hog},
                                                     {"atomic-sleeper", detect_atomic_sleeper},
                                                     {"spinlock-deadlock", detect_spinlock_deadlock},
                                                     {"killed-holder", detect_killed_holder},
                                                     {"deadlock", detect_deadlock},
                                                     {"ipi-not-answered", detect_ipi_not_answered},
                                                     {"rt-hog", detect_rt_hog},
                                                     {"server-gone", detect_server_gone},
                                                     {"blocked", detect_blocked},
                                                     {"starvation", detect_starvation},
                                                     {"memory-reclaim-stall", detect_memory_reclaim_stall}});

// Takes over what the graph says is blocked, but for those that are accused or named already.
void add(std::span<const model::NodeId> blocked, Finding& finding) {
  std::unordered_set<model::NodeId, model::NodeHash> known;
  for (const std::uint64_t task : finding.victim_tasks) known.insert(model::task_node(task));
  for (const std::uint32_t cpu : finding.victim_cpus) known.insert(model::cpu_node(cpu));
  for (const Culprit& culprit : finding.culprits) {
    known.insert(model::task_node(culprit.task));
    if (culprit.occupies_cpu && culprit.cpu) known.insert(model::cpu_node(*culprit.cpu));
  }
  for (const model::NodeId node : blocked) {
    if (node.kind == model::NodeKind::kResource || !known.insert(node).second) continue;
    if (node.kind == model::NodeKind::kTask) finding.victim_tasks.push_back(node.id);
    if (node.kind == model::NodeKind::kCpu) finding.victim_cpus.push_back(static_cast<std::uint32_t>(node.id));
  }
}

}  // namespace

std::span<const Detector> detectors() {
  return kDetectors;
}

const CpuCondition* condition_of(const Case& facts, std::optional<std::uint32_t> cpu) {
  const model::Cpu* found = cpu ? facts.index.cpu(*cpu) : nullptr;
  if (found == nullptr) return nullptr;
  // There is one for each CPU, in their order.
  const auto at = static_cast<std::size_t>(found - facts.snapshot.cpus.data());
  return at < facts.cpus.size() ? &facts.cpus[at] : nullptr;
}

void add_blocked_by(const Case& facts, model::NodeId node, Finding& finding) {
  add(facts.graph.blocked_by(std::span(&node, 1)), finding);
}

void add_victims(const Case& facts, Finding& finding) {
  std::vector<model::NodeId> nodes;
  nodes.reserve(finding.culprits.size());
  for (const Culprit& culprit : finding.culprits) nodes.push_back(model::task_node(culprit.task));
  add(facts.graph.blocked_by(nodes), finding);
}

}  // namespace whyhung::diagnose
