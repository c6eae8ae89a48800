// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <array>

#include "diagnose/detector.h"

namespace whyhung::diagnose {
namespace {

// A detector that explains more of a hang stands before those that explain part of it.
constexpr std::array<Detector, 11> kDetectors = {{{"stop-machine-starved", detect_stop_machine_starved},
                                                  {"irqs-off", detect_irqs_off},
                                                  {"cpu-hog", detect_cpu_hog},
                                                  {"spinlock-deadlock", detect_spinlock_deadlock},
                                                  {"deadlock", detect_deadlock},
                                                  {"ipi-not-answered", detect_ipi_not_answered},
                                                  {"rt-hog", detect_rt_hog},
                                                  {"server-gone", detect_server_gone},
                                                  {"blocked", detect_blocked},
                                                  {"starvation", detect_starvation},
                                                  {"memory-reclaim-stall", detect_memory_reclaim_stall}}};

// A detector may have named some victims already.
template <typename T>
void add_once(std::vector<T>& values, T value) {
  if (std::ranges::find(values, value) == values.end()) values.push_back(value);
}

}  // namespace

std::span<const Detector> detectors() {
  return kDetectors;
}

const CpuCondition* condition_of(const Case& facts, std::optional<std::uint32_t> cpu) {
  const auto found = std::ranges::find_if(facts.cpus, [&](const auto& one) { return one.cpu->number == cpu; });
  return found == facts.cpus.end() ? nullptr : &*found;
}

void add_blocked_by(const Case& facts, model::NodeId node, Finding& finding) {
  for (const model::NodeId blocked : facts.graph.blocked_by(node)) {
    const auto is_it = [&](const Culprit& culprit) {
      return blocked.kind == model::NodeKind::kTask
                 ? culprit.task == blocked.id
                 : culprit.occupies_cpu && culprit.cpu == static_cast<std::uint32_t>(blocked.id);
    };
    if (blocked.kind == model::NodeKind::kResource || std::ranges::any_of(finding.culprits, is_it)) continue;
    if (blocked.kind == model::NodeKind::kTask) add_once(finding.victim_tasks, blocked.id);
    if (blocked.kind == model::NodeKind::kCpu) {
      add_once(finding.victim_cpus, static_cast<std::uint32_t>(blocked.id));
    }
  }
}

void add_victims(const Case& facts, Finding& finding) {
  for (const Culprit& culprit : finding.culprits) add_blocked_by(facts, model::task_node(culprit.task), finding);
}

}  // namespace whyhung::diagnose
