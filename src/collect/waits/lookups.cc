// SPDX-License-Identifier: GPL-2.0-or-later
// Waits for a name that another task is looking up: the wait queue lies on that task's own stack (d_alloc_parallel(),
// fs/dcache.c).
#include <array>

#include "collect/waits/sleepers.h"
#include "collect/waits/waits.h"

namespace whyhung::collect {
namespace {

using model::EvidenceKind;

void read_lookup(WaitContext& context, const Sleeper& sleeper) {
  Workbench& bench = context.bench;
  const auto queue = context.waited_queue(sleeper);
  if (!queue) return;
  const model::Task* other = bench.task_with_stack_at(queue->head.value);
  if (other == nullptr || other->address == sleeper.task.address) return;
  model::Resource& resource = bench.resource_at(queue->head.value, model::ResourceKind::kWaitQueue);
  if (resource.evidence.empty()) {
    const model::Evidence place{EvidenceKind::kInference, "the queue lies on its stack", queue->head.value, {}};
    resource.name = "of a name that is looked up";
    resource.evidence.push_back(place);
    resource.holders.push_back(
        {model::task_node(other->address), model::HolderRole::kLooksUp, model::Certainty::kCertain, {place}});
  }
  context.add_wait(sleeper, queue->head, model::WaitKind::kSleepsForLookup,
                   {EvidenceKind::kList, "entry on its stack, linked into the queue", queue->entry.value, {}});
}

}  // namespace

const WaitReader kLookupReader = {"lookup", names::Meaning::kWaitsForLookup, read_lookup};

}  // namespace whyhung::collect
