// SPDX-License-Identifier: GPL-2.0-or-later
// Waits for rt_mutexes. A futex with priority inheritance has one too: then its owner is in user space.
#include <array>

#include "collect/waits/sleepers.h"
#include "kernel/rt_mutex.h"

namespace whyhung::collect {
namespace {

using model::EvidenceKind;
using model::ResourceKind;

void read_rt_mutex(WaitContext& context, const Sleeper& sleeper) {
  Workbench& bench = context.bench;
  const auto waited =
      context.view<kernel::RtMutexView>().waited_for(bench.access.memory, VirtualAddress(sleeper.task.address));
  if (!waited) return;
  const bool is_futex = context.called_through(sleeper, names::Meaning::kLocksPiFutex);
  model::Resource& resource = bench.resource_at(waited->lock.value, ResourceKind::kRtMutex);
  if (resource.evidence.empty()) {
    resource.name = context.object_name(waited->lock);
    auto& facts = model::facts_in<model::LockFacts>(resource);
    facts.is_futex = is_futex;
    const model::Evidence owner{EvidenceKind::kField, "rt_mutex.owner", waited->lock.value,
                                fmt::format("{:#x}", waited->raw_owner)};
    resource.evidence.push_back(owner);
    if (waited->owner.is_null()) {
      facts.has_no_owner = true;
    } else {
      resource.holders.push_back(
          {model::task_node(waited->owner.value), model::HolderRole::kOwner, model::Certainty::kCertain, {owner}});
    }
  }
  context.add_wait(
      sleeper, waited->lock,
      is_futex ? model::WaitKind::kSleepsAtFutexLock : context.sleeps_in(sleeper, names::Meaning::kRtMutexCode),
      {EvidenceKind::kField, "task_struct.pi_blocked_on", sleeper.task.address,
       fmt::format("{:#x}", waited->record.value)});
}

}  // namespace

const WaitReader kRtMutexReader = {"rt_mutex", names::Meaning::kWaitsForRtMutex, read_rt_mutex};

}  // namespace whyhung::collect
