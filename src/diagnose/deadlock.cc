// SPDX-License-Identifier: GPL-2.0-or-later
// Deadlocks: tasks that wait for each other in a circle. What the circle consists of gives it its name; who only waits
// behind it is a victim.
#include <algorithm>
#include <set>

#include "diagnose/cycles.h"
#include "diagnose/detector.h"
#include "diagnose/killed_holder.h"

namespace whyhung::diagnose {
namespace {

using model::Certainty;
using model::NodeId;
using model::NodeKind;
using model::ResourceKind;

struct Circle {
  std::vector<const model::Task*> tasks;
  std::vector<const model::Resource*> resources;
};

HangClass class_of(const Circle& circle) {
  std::set<ResourceKind> kinds;
  for (const model::Resource* resource : circle.resources) kinds.insert(resource->kind);
  if (kinds.contains(ResourceKind::kWorkItem) || kinds.contains(ResourceKind::kWorkPool)) {
    return HangClass::kWorkqueueFlushDeadlock;
  }
  const auto is_users = [](const model::Resource* resource) { return is_user_lock(*resource); };
  if (std::ranges::all_of(circle.resources, is_users)) return HangClass::kUserSpaceLock;
  if (circle.tasks.size() == 1) return HangClass::kSelfDeadlock;
  // Of a real-time kernel, where one sleeps for them.
  if (kinds == std::set{ResourceKind::kSpinlock}) return HangClass::kSpinlockDeadlock;
  return kinds == std::set{ResourceKind::kMutex} ? HangClass::kMutexDeadlock : HangClass::kMixedLockCycle;
}

const model::Holder* holder_among(const model::Resource& resource, NodeId who) {
  const auto found = std::ranges::find(resource.holders, who, &model::Holder::who);
  return found == resource.holders.end() ? nullptr : &*found;
}

// The circle is told from a waiting task on, so that "waits for … held by …" comes in turn.
void start_at_a_task(std::vector<NodeId>& nodes) {
  const auto first = std::ranges::find(nodes, NodeKind::kTask, &NodeId::kind);
  if (first != nodes.end()) std::rotate(nodes.begin(), first, nodes.end());
}

// Whether somebody outside of the circle may give what `next` is waited for to give: another worker that takes the
// work, another process that can serve.
bool has_another_way(const Case& facts, const model::Resource& resource, NodeId next) {
  if (resource.kind != ResourceKind::kWorkItem && resource.kind != ResourceKind::kWorkPool &&
      resource.kind != ResourceKind::kServer) {
    return false;
  }
  return std::ranges::any_of(resource.holders, [&](const model::Holder& holder) {
    return holder.who != next && facts.blame.of(holder.who) != Ability::kStuck;
  });
}

// Who took a lock last and wants it again has given it back, as far as its hint tells.
bool is_own_hint(const model::Holder& holder, const std::vector<NodeId>& circle) {
  const bool is_hint = holder.role == model::HolderRole::kReader || holder.role == model::HolderRole::kLastHolder;
  return is_hint && holder.certainty != Certainty::kCertain && circle.size() == 2;
}

std::optional<Finding> explain(const Case& facts, std::vector<NodeId> nodes) {
  const WaitIndex& index = facts.waits;
  start_at_a_task(nodes);
  Circle circle;
  Finding finding;
  Certainty confidence = Certainty::kCertain;
  std::optional<std::uint64_t> youngest;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const NodeId node = nodes[i];
    const NodeId next = nodes[(i + 1) % nodes.size()];
    if (const model::Task* task = index.task(node)) {
      circle.tasks.push_back(task);
      const model::Wait* wait = index.wait_of(node);
      if (wait == nullptr || wait->on != next) return std::nullopt;  // a task that only waits for its CPU
      const auto age = index.age(*wait);
      if (age && (!youngest || *age < *youngest)) youngest = age;
      confidence = model::weaker(confidence, wait->certainty);
      finding.chain.push_back(index.waits_link(*wait));
    } else if (const model::Resource* resource = index.resource(node)) {
      circle.resources.push_back(resource);
      const model::Holder* holder = holder_among(*resource, next);
      if (holder == nullptr || is_own_hint(*holder, nodes)) return std::nullopt;
      if (killed_holder(facts, *resource) != nullptr || has_another_way(facts, *resource, next)) return std::nullopt;
      confidence = model::weaker(confidence, holder->certainty);
      finding.chain.push_back(index.held_link(*resource, *holder));
    } else {
      return std::nullopt;  // CPUs are other detectors' matter
    }
  }
  if (circle.tasks.empty()) return std::nullopt;
  // A circle of which one part is only a hint must have lasted before it is spoken of.
  if (confidence != Certainty::kCertain && youngest.value_or(0) < kLasting) return std::nullopt;
  Link closes{Claim::kCycleCloses, {}, {}, confidence, {}};
  for (const model::Task* task : circle.tasks) {
    closes.nodes.push_back(model::task_node(task->address));
    finding.culprits.push_back(index.sleeping_culprit(*task));
  }
  finding.chain.push_back(std::move(closes));
  finding.hang_class = class_of(circle);
  finding.confidence = confidence;
  const bool users = finding.hang_class == HangClass::kUserSpaceLock;
  finding.advice.push_back(users                      ? Advice::kOrderUserLocks
                           : circle.tasks.size() == 1 ? Advice::kTakeOnce
                                                      : Advice::kOrderLocks);
  add_victims(facts, finding);
  return finding;
}

}  // namespace

std::vector<Finding> detect_deadlock(const Case& facts) {
  std::vector<Finding> findings;
  for (const auto& component : cyclic_components(facts.graph)) {
    if (auto finding = explain(facts, shortest_cycle(facts.graph, component))) {
      findings.push_back(std::move(*finding));
    }
  }
  return findings;
}

}  // namespace whyhung::diagnose
