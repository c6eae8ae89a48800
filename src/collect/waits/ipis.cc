// SPDX-License-Identifier: GPL-2.0-or-later
// CPUs that spin until another CPU has run a function for them. Who sent a request is told by where it lies: on the
// sender's stack, or in the place that each pair of CPUs has for smp_call_function_many().
#include <algorithm>
#include <set>

#include "collect/waits/waits.h"
#include "kernel/call_queue.h"

namespace whyhung::collect {
namespace {

using kernel::CallRequest;
using model::EvidenceKind;

class IpiCollector {
 public:
  IpiCollector(Workbench& bench, std::vector<const model::Cpu*> senders) : bench_(bench), senders_(std::move(senders)) {
    kernel::Binder binder(bench.access.types);
    view_ = kernel::CallQueueView::bind(binder);
  }

  void collect() {
    if (!view_.usable()) return;
    for (const model::Cpu& target : bench_.snapshot.cpus) {
      for (const CallRequest& request : view_.queued(bench_.access, bench_.percpu(), target.number)) {
        queued_.insert(request.address.value);
        const model::Task* owner = bench_.task_with_stack_at(request.address.value);
        const auto is_sender = [&](const model::Cpu* one) { return owner != nullptr && one->task == owner->address; };
        const auto sender = std::ranges::find_if(senders_, is_sender);
        if (sender == senders_.end()) continue;
        add(**sender, target, request);
        // It waits for this one: what it has sent to others before does not keep it.
        senders_.erase(sender);
      }
    }
    for (const model::Cpu& target : bench_.snapshot.cpus) {
      for (const model::Cpu* sender : senders_) add_from_slot(*sender, target);
    }
  }

 private:
  void add_from_slot(const model::Cpu& sender, const model::Cpu& target) {
    if (sender.number == target.number) return;
    const auto place = view_.slot(bench_.access, bench_.percpu(), sender.number, target.number);
    if (!place) return;
    if (const auto request = view_.locked_at(bench_.access.memory, *place)) add(sender, target, *request);
  }

  void add(const model::Cpu& sender, const model::Cpu& target, const CallRequest& request) {
    model::Resource& resource = bench_.resource_at(request.address.value, model::ResourceKind::kIpi);
    if (!resource.holders.empty()) return;
    resource.name = bench_.function_name(request.function);
    model::Holder holder;
    holder.who = model::cpu_node(target.number);
    const bool waits_in_queue = queued_.contains(request.address.value);
    holder.role = waits_in_queue ? model::HolderRole::kHasNotBegun : model::HolderRole::kHasNotEnded;
    holder.evidence.push_back({waits_in_queue ? EvidenceKind::kList : EvidenceKind::kField,
                               waits_in_queue ? fmt::format("call_single_queue of CPU {}", target.number)
                                              : fmt::format("cfd_data of CPU {}: lock flag", sender.number),
                               request.address.value,
                               {}});
    resource.holders.push_back(std::move(holder));
    add_spin(bench_, sender, request.address, model::WaitKind::kSpins);
  }

  Workbench& bench_;
  std::vector<const model::Cpu*> senders_;
  kernel::CallQueueView view_;
  std::set<std::uint64_t> queued_;  // requests that stand in some CPU's queue
};

}  // namespace

void collect_ipi_waits(Workbench& bench) {
  std::vector<const model::Cpu*> senders;
  for (const model::Cpu& cpu : bench.snapshot.cpus) {
    if (cpu.activity && cpu.busy_wait == model::BusyWait::kIpi) senders.push_back(&cpu);
  }
  if (!senders.empty()) IpiCollector(bench, std::move(senders)).collect();
}

}  // namespace whyhung::collect
