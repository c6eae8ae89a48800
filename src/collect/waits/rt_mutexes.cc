// SPDX-License-Identifier: GPL-2.0-or-later
// Waits for rt_mutexes. A futex with priority inheritance has one too: then its owner is in user space.
#include <array>

#include "collect/waits/sleepers.h"
#include "kernel/rt_mutex.h"

namespace whyhung::collect {
namespace {

using model::EvidenceKind;
using model::ResourceKind;

constexpr std::array<std::string_view, 8> kFunctions = {
    "rt_mutex_slowlock*", "__rt_mutex_slowlock*", "rt_mutex_wait_proxy_lock", "rt_mutex_lock*", "__rt_mutex_lock*",
    "rtlock_slowlock*",   "rt_spin_lock*",        "rt_mutex_timed_futex_lock"};
constexpr std::array<std::string_view, 4> kPassed = {"rt_mutex_*", "__rt_mutex_*", "rtlock_slowlock*", "rt_spin_lock*"};

void read_rt_mutex(WaitContext& context, const Sleeper& sleeper) {
  Workbench& bench = context.bench;
  const auto waited =
      context.view<kernel::RtMutexView>().waited_for(bench.access.memory, VirtualAddress(sleeper.task.address));
  if (!waited) return;
  const bool is_futex =
      context.called_through(sleeper, "futex_lock_pi*") || context.called_through(sleeper, "futex_wait_requeue_pi*");
  model::Resource& resource = bench.snapshot.resource_at(waited->lock.value, ResourceKind::kRtMutex);
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
  context.add_wait(sleeper, waited->lock,
                   is_futex ? model::WaitKind::kSleepsAtFutexLock : context.sleeps_in(sleeper, kPassed),
                   {EvidenceKind::kField, "task_struct.pi_blocked_on", sleeper.task.address,
                    fmt::format("{:#x}", waited->record.value)});
}

}  // namespace

const WaitReader kRtMutexReader = {"rt_mutex", kFunctions, read_rt_mutex};

}  // namespace whyhung::collect
