// SPDX-License-Identifier: GPL-2.0-or-later
// memory-reclaim-stall: a task sleeps uninterruptibly in the middle of reclaiming memory, in a shrinker or a file
// system that was asked to give some back. Where what it waits for is known, the chain of that wait is told by
// blocked.cc; here are those of which it is not known.
#include "diagnose/reclaim.h"

namespace whyhung::diagnose {
std::optional<Link> inside_reclaim(const Case& facts, const model::Task& task) {
  const model::StackFrame* called = nullptr;  // whom reclaim called
  for (const model::StackFrame& frame : task.stack.frames) {
    const model::CodeLocation& location = facts.snapshot.location(frame);
    if (location.meanings.has(names::Meaning::kPausesReclaim)) return std::nullopt;
    if (!location.meanings.has(names::Meaning::kReclaims)) {
      called = &frame;
      continue;
    }
    Link link{Claim::kInsideReclaim, {model::task_node(task.address)}, {}, model::Certainty::kCertain, {}};
    ReclaimFacts reclaim{location.function, {}};
    link.evidence.push_back({model::EvidenceKind::kFrame, location.function, frame.sp, {}});
    if (called != nullptr) {
      reclaim.place = {facts.snapshot.location(*called).function, facts.snapshot.location(*called).module};
    }
    link.facts = std::move(reclaim);
    return link;
  }
  return std::nullopt;
}

std::vector<Finding> detect_memory_reclaim_stall(const Case& facts) {
  std::vector<Finding> findings;
  for (const model::Task& task : facts.snapshot.tasks) {
    if (task.state != model::TaskState::kUninterruptible || task.on_runqueue) continue;
    if (facts.waits.idle_time(task).value_or(0) < kLasting) continue;
    if (facts.waits.wait_of(model::task_node(task.address)) != nullptr) continue;
    auto link = inside_reclaim(facts, task);
    if (!link) continue;
    Finding finding;
    finding.hang_class = HangClass::kMemoryReclaimStall;
    finding.confidence = model::Certainty::kLikely;
    finding.culprits.push_back(facts.waits.sleeping_culprit(task));
    finding.chain.push_back(facts.waits.rests_link(Claim::kHolderSleeps, task));
    finding.chain.push_back(*std::move(link));
    finding.advice.push_back(Advice::kDontWaitInReclaim);
    add_victims(facts, finding);
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace whyhung::diagnose
