// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnose/wait_index.h"

#include <algorithm>

#include <fmt/format.h>

#include "names/found_wait.h"

namespace whyhung::diagnose {
namespace {

// The frames of a stack without those of an interrupt at whose end the task was preempted.
std::span<const model::StackFrame> own_frames(const model::Snapshot& snapshot, const model::StackTrace& stack) {
  const std::span<const model::StackFrame> frames = stack.frames;
  bool preempted = false;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (frames[i].origin == model::FrameOrigin::kException) return preempted ? frames.subspan(i) : frames;
    preempted |= snapshot.location(frames[i]).meanings.has(names::Meaning::kPreempts);
  }
  return frames;
}

}  // namespace

WaitIndex::WaitIndex(const model::Index& index) : index_(index), snapshot_(index.snapshot()) {
  for (const model::Wait& wait : snapshot_.waits) {
    if (wait.waiter.kind != model::NodeKind::kTask || resource(wait.on) == nullptr) continue;
    Youngest& youngest = youngest_[wait.on];
    const auto lasted = age(wait);
    youngest.all_known &= lasted.has_value();
    if (!lasted) continue;
    youngest.known = std::min(youngest.known.value_or(*lasted), *lasted);
    const model::Wait*& oldest = oldest_waits_[wait.on];
    if (oldest == nullptr || *lasted > *age(*oldest)) oldest = &wait;
  }
  for (const model::Wait& wait : snapshot_.waits) find_end(wait.on);
  for (const auto& [node, wait] : oldest_waits_) {
    const auto& holders = resource(node)->holders;
    if (!holders.empty() && age(*wait).value_or(0) >= kLasting) long_awaited_.insert(holders.front().who);
  }
  for (const model::Task& task : snapshot_.tasks) {
    if (task.cpu && task.queues_for_cpu()) queued_[*task.cpu].push_back(&task);
  }
}

// Each resource is passed once, however many chains lead through it. One that is met while it is passed closes a
// circle.
WaitIndex::End WaitIndex::find_end(model::NodeId start) {
  struct Step {
    model::NodeId resource;
    const model::Task* holder = nullptr;
  };
  std::vector<Step> passed;
  End end;
  for (model::NodeId at = start;;) {
    const auto [known, is_new] = ends_.try_emplace(at);
    if (!is_new) {
      end = known->second;
      break;
    }
    passed.push_back({at});
    const model::Resource* one = resource(at);
    const bool is_held =
        one != nullptr && !one->holders.empty() && one->holders.front().certainty == model::Certainty::kCertain;
    if (!is_held) {
      end.at_waiter = true;
      ends_[at] = end;
      passed.pop_back();
      break;
    }
    passed.back().holder = task(one->holders.front().who);
    const model::Wait* next = wait_of(one->holders.front().who);
    if (passed.back().holder == nullptr || next == nullptr) {
      end.task = passed.back().holder;
      break;
    }
    at = next->on;
  }
  for (; !passed.empty(); passed.pop_back()) {
    if (end.at_waiter) end = {false, passed.back().holder};
    ends_[passed.back().resource] = end;
  }
  return end;
}

const model::Task* WaitIndex::end_of_chain(const model::Wait& wait) const {
  const auto found = ends_.find(wait.on);
  if (found == ends_.end()) return nullptr;
  return found->second.at_waiter ? task(wait.waiter) : found->second.task;
}

std::span<const model::Task* const> WaitIndex::queued_on(std::uint32_t cpu) const {
  const auto found = queued_.find(cpu);
  if (found == queued_.end()) return {};
  return found->second;
}

std::optional<std::uint64_t> WaitIndex::age(const model::Wait& wait) const {
  const auto now = snapshot_.machine.clock;
  if (!now || !wait.since || *wait.since == 0 || *wait.since > *now) return std::nullopt;
  return *now - *wait.since;
}

std::optional<std::uint64_t> WaitIndex::youngest_age(model::NodeId resource) const {
  const auto found = youngest_.find(resource);
  if (found == youngest_.end() || !found->second.all_known || found->second.known == 0u) return std::nullopt;
  return found->second.known;
}

std::optional<std::uint64_t> WaitIndex::youngest_known_age(model::NodeId resource) const {
  const auto found = youngest_.find(resource);
  return found == youngest_.end() ? std::nullopt : found->second.known;
}

std::optional<std::uint64_t> WaitIndex::idle_time(const model::Task& task) const {
  const auto now = snapshot_.machine.clock;
  if (!now || !task.last_arrival || *task.last_arrival == 0 || *task.last_arrival > *now) return std::nullopt;
  return *now - *task.last_arrival;
}

std::uint64_t WaitIndex::queued_time(const model::Task& task) const {
  const std::uint64_t now = snapshot_.machine.clock.value_or(0);
  const std::uint64_t since = task.last_queued.value_or(0);
  return since == 0 || since > now ? 0 : now - since;
}

Link WaitIndex::waits_link(const model::Wait& wait) const {
  return {Claim::kTaskWaits, {wait.waiter, wait.on}, WaitFacts{wait.how, age(wait)}, wait.certainty, wait.evidence};
}

Link WaitIndex::held_link(const model::Resource& resource, const model::Holder& holder) const {
  return {Claim::kHeldBy,
          {model::resource_node(resource.address), holder.who},
          HeldFacts{holder.role, false},
          holder.certainty,
          holder.evidence};
}

RestFacts WaitIndex::rest_of(const model::Task& task) const {
  const Culprit place = sleeping_culprit(task);
  return {{place.function, place.module}, task.state, is_kept_frozen(task), idle_time(task).value_or(0)};
}

Link WaitIndex::rests_link(Claim claim, const model::Task& task) const {
  Link link{claim, {model::task_node(task.address)}, rest_of(task), model::Certainty::kCertain, {}};
  link.evidence.push_back(state_evidence(snapshot_, task));
  if (task.last_arrival) {
    link.evidence.push_back({model::EvidenceKind::kField, "task_struct.sched_info.last_arrival", task.address,
                             fmt::format("{} ns", *task.last_arrival)});
  }
  return link;
}

Culprit WaitIndex::sleeping_culprit(const model::Task& task) const {
  Culprit culprit;
  culprit.task = task.address;
  culprit.pid = task.pid;
  culprit.comm = task.comm;
  culprit.cpu = task.cpu;
  culprit.occupies_cpu = false;
  for (const model::StackFrame& frame : own_frames(snapshot_, task.stack)) {
    if (snapshot_.location(frame).meanings.has(names::Meaning::kWaits)) continue;
    stands_at(culprit, snapshot_, frame);
    break;
  }
  return culprit;
}

namespace {

// The first function that a sleeper's stack names and that is `wanted`, past the kernel's own code around a sleep.
template <typename Wanted>
const model::CodeLocation* sleeps_in(const model::Snapshot& snapshot, const model::Task& task, Wanted wanted) {
  if (task.on_cpu || task.is_runnable()) return nullptr;
  for (const model::StackFrame& frame : own_frames(snapshot, task.stack)) {
    const model::CodeLocation& place = snapshot.location(frame);
    if (wanted(place.meanings)) return &place;
    const bool is_around =
        place.meanings.has(names::Meaning::kWaits) || place.meanings.has(names::Meaning::kCompletionCode);
    if (!is_around) break;
  }
  return nullptr;
}

}  // namespace

const model::CodeLocation* WaitIndex::unread_wait_of(const model::Task& task) const {
  if (wait_of(model::task_node(task.address)) != nullptr) return nullptr;
  return sleeps_in(snapshot_, task, names::is_found_wait);
}

bool WaitIndex::waits_for_unread(const model::Task& task) const {
  if (unread_wait_of(task) != nullptr) return true;
  const bool sleeps = !task.on_cpu && !task.is_runnable() && wait_of(model::task_node(task.address)) == nullptr;
  return sleeps && task.stack.frames.empty() && task.stack.end == model::StackEndReason::kUnreadable;
}

const model::CodeLocation* waits_for_unlisted(const model::Snapshot& snapshot, const model::Task& task) {
  return sleeps_in(snapshot, task,
                   [](const names::Meanings& code) { return code.has(names::Meaning::kWaitsForUnlisted); });
}

bool is_user_lock(const model::Resource& resource) {
  // A parent that called vfork() waits as long as its child likes.
  const auto is_child = [](const model::Holder& holder) { return holder.role == model::HolderRole::kVforkChild; };
  if (std::ranges::any_of(resource.holders, is_child)) return true;
  if (resource.kind == model::ResourceKind::kFutex || resource.kind == model::ResourceKind::kFileLock) return true;
  const auto* facts = facts_of<model::LockFacts>(resource);
  return resource.kind == model::ResourceKind::kRtMutex && facts != nullptr && facts->is_futex;
}

bool is_kept_frozen(const model::Task& task) {
  return task.frozen && task.state != model::TaskState::kStopped && task.state != model::TaskState::kTraced;
}

model::Evidence state_evidence(const model::Snapshot& snapshot, const model::Task& task) {
  if (is_kept_frozen(task)) {
    return {model::EvidenceKind::kField, "task_struct.frozen and its jobctl, or TASK_FROZEN", task.address,
            fmt::format("{:#x}", task.raw_state)};
  }
  return {model::EvidenceKind::kField, std::string(snapshot.machine.task_state_name()), task.address,
          fmt::format("{:#x}", task.raw_state)};
}

void stands_at(Culprit& culprit, const model::Snapshot& snapshot, const model::StackFrame& frame) {
  culprit.location = frame.location;
  culprit.function = snapshot.location(frame).function;
  culprit.module = snapshot.location(frame).module;
}

}  // namespace whyhung::diagnose
