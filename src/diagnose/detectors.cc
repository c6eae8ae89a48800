// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <array>

#include "diagnose/detector.h"

namespace whyhung::diagnose {
namespace {

// A detector that explains more of a hang stands before those that explain part of it.
constexpr std::array<Detector, 7> kDetectors = {{{"stop-machine-starved", detect_stop_machine_starved},
                                                 {"irqs-off", detect_irqs_off},
                                                 {"cpu-hog", detect_cpu_hog},
                                                 {"spinlock-deadlock", detect_spinlock_deadlock},
                                                 {"deadlock", detect_deadlock},
                                                 {"rt-hog", detect_rt_hog},
                                                 {"blocked", detect_blocked}}};

// A detector may have named some victims already.
template <typename T>
void add_once(std::vector<T>& values, T value) {
  if (std::ranges::find(values, value) == values.end()) values.push_back(value);
}

}  // namespace

std::span<const Detector> detectors() {
  return kDetectors;
}

void add_victims(const Case& facts, Finding& finding) {
  std::set<model::NodeId> blocked;
  std::set<std::uint64_t> guilty;
  for (const Culprit& culprit : finding.culprits) {
    guilty.insert(culprit.task);
    const auto waiting = facts.graph.blocked_by(model::task_node(culprit.task));
    blocked.insert(waiting.begin(), waiting.end());
  }
  for (const model::NodeId node : blocked) {
    if (node.kind == model::NodeKind::kTask && !guilty.contains(node.id)) add_once(finding.victim_tasks, node.id);
    if (node.kind != model::NodeKind::kCpu) continue;
    const auto number = static_cast<std::uint32_t>(node.id);
    bool is_culprits_own = false;
    for (const Culprit& culprit : finding.culprits) is_culprits_own |= culprit.occupies_cpu && culprit.cpu == number;
    if (!is_culprits_own) add_once(finding.victim_cpus, number);
  }
}

}  // namespace whyhung::diagnose
