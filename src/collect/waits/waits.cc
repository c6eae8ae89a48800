// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/waits/waits.h"

#include <algorithm>
#include <array>

#include "collect/waits/sleepers.h"
#include "collect/waits/spinlock_holders.h"

namespace whyhung::collect {
namespace {

constexpr auto kCollectors = std::to_array<WaitCollector>({{"stop_machine", collect_stop_machine_waits},
                                                           {"sleepers", collect_sleepers},
                                                           {"ipis", collect_ipi_waits},
                                                           {"spinlock holders", collect_spinlock_holders}});

}  // namespace

std::span<const WaitCollector> wait_collectors() {
  return kCollectors;
}

model::Wait& add_spin(Workbench& bench, const model::Cpu& cpu, VirtualAddress resource, model::WaitHow how) {
  const model::StackFrame& frame = cpu.stack.frames[cpu.contexts[*cpu.activity].first_frame];
  model::Wait wait;
  wait.waiter = model::cpu_node(cpu.number);
  wait.on = model::resource_node(resource.value);
  wait.how = std::move(how);
  wait.evidence.push_back({model::EvidenceKind::kFrame, bench.snapshot.location(frame).function, frame.sp, {}});
  return bench.snapshot.waits.emplace_back(std::move(wait));
}

}  // namespace whyhung::collect
