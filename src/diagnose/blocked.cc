// SPDX-License-Identifier: GPL-2.0-or-later
// Waits that end nowhere good: the holder of a lock sleeps, has gone, or is stopped; a completion has nobody left to
// complete it; a wake-up was lost. Each resource with old waiters is followed to whom or what it depends on in the end,
// and those that end at the same point make one finding.
#include <algorithm>
#include <map>
#include <unordered_map>

#include <fmt/format.h>

#include "diagnose/busy_holder.h"
#include "diagnose/detector.h"
#include "diagnose/io_stuck.h"
#include "diagnose/killed_holder.h"
#include "diagnose/movement.h"
#include "diagnose/reclaim.h"
#include "diagnose/starvation.h"

namespace whyhung::diagnose {
namespace {

using model::Certainty;
using model::NodeId;
using model::NodeKind;
using model::ResourceKind;
using model::TaskState;

constexpr std::uint64_t kSecond = 1'000'000'000;
// Where the holder still runs now and then, more patience is needed to tell a hang from a queue that moves.
constexpr std::uint64_t kLastingWhileMoving = 20 * kSecond;
// What comes to a lock that moves, and who holds it, did so within this time.
constexpr std::uint64_t kLately = 2 * kSecond;
// What the kernel itself calls too long (kernel.hung_task_timeout_secs), as it is by default.
constexpr std::uint64_t kHungTaskLimit = 120 * kSecond;
// How much later than a wait a task may have started and still have been there before: two clocks are compared.
constexpr std::uint64_t kClockSkew = 2 * kSecond;

// A lock that was free when the dump was taken.
bool is_free(const model::Resource& resource) {
  const auto* facts = facts_of<model::LockFacts>(resource);
  return is_lock(resource.kind) && resource.kind != ResourceKind::kSemaphore && facts != nullptr &&
         facts->has_no_owner && facts->readers.value_or(0) == 0 && !facts->writer_holds.value_or(false);
}

// What is waited for has come: it was completed, or a semaphore has slots to spare.
bool has_come(const model::Resource& resource) {
  const auto* completion = completion_of(resource);
  const auto* lock = facts_of<model::LockFacts>(resource);
  return (completion != nullptr && completion->done.value_or(0) != 0) ||
         (lock != nullptr && lock->count.value_or(0) > 0);
}

// The way from a resource to the end of its chain.
struct Path {
  std::vector<const model::Wait*> waits;
  std::vector<const model::Resource*> resources;  // resources[i] is what waits[i] is for
  std::vector<const model::Holder*> holders;      // holders[i] is who holds resources[i]; one less where nobody does
  NodeId end;                                     // a task, or the last resource
  const model::Resource* last() const { return resources.back(); }
};

class BlockedDetector {
 public:
  explicit BlockedDetector(const Case& facts) : facts_(facts), index_(facts.waits) {}

  std::vector<Finding> detect() {
    struct Start {
      const model::Wait* wait = nullptr;
      std::size_t length = 0;
    };
    std::map<NodeId, Start> ends;  // and the longest way to each
    for (const auto& [resource, wait] : index_.oldest_waits()) {
      if (index_.age(*wait).value_or(0) < kLasting) continue;
      const Way way = way_of(*wait);
      if (!way.end) continue;
      Start& known = ends[*way.end];
      if (known.length < way.length) known = {wait, way.length};
    }
    std::vector<Finding> findings;
    for (const auto& [end, start] : ends) {
      if (auto finding = explain(path_from(*start.wait))) findings.push_back(*std::move(finding));
    }
    const auto is_io = [](const Finding& finding) { return finding.hang_class == HangClass::kIoStuck; };
    if (std::ranges::any_of(findings, is_io)) return findings;
    if (auto finding = stuck_in_io(facts_)) findings.push_back(*std::move(finding));
    return findings;
  }

 private:
  // Where a wait leads in the end: to a task, or a resource that nobody holds.
  struct Way {
    std::optional<NodeId> end;  // nothing when it leads into a circle, or to a CPU: others explain these
    std::size_t length = 0;     // waits on the way
  };

  // What stands behind a wait: an end, or another wait; neither where it is lost.
  struct Step {
    std::optional<NodeId> end;
    const model::Wait* next = nullptr;
  };
  Step step_from(const model::Wait& wait) const {
    const model::Resource* resource = index_.resource(wait.on);
    if (resource == nullptr) return {};
    if (resource->holders.empty()) return {wait.on, nullptr};
    const model::Holder& holder = resource->holders.front();
    if (holder.who.kind == NodeKind::kCpu) return {};
    const model::Wait* next = index_.wait_of(holder.who);
    if (next == nullptr || is_gone(holder.who, wait) || has_left(*resource, holder)) return {holder.who, nullptr};
    return {{}, next};
  }

  // Each wait is followed once, whatever ways lead through it.
  Way way_of(const model::Wait& start) {
    std::vector<const model::Wait*> passed;
    Way way;
    for (const model::Wait* wait = &start; wait != nullptr;) {
      const auto [known, is_new] = ways_.try_emplace(wait);
      if (!is_new) {
        way = known->second;  // of one that is being followed: without an end, as a circle is
        break;
      }
      passed.push_back(wait);
      const Step step = step_from(*wait);
      way.end = step.end;
      wait = step.next;
    }
    while (!passed.empty()) {
      ++way.length;
      ways_[passed.back()] = way;
      passed.pop_back();
    }
    return way;
  }

  // The way in full; it has an end.
  Path path_from(const model::Wait& start) const {
    Path path;
    for (const model::Wait* wait = &start; wait != nullptr;) {
      const model::Resource* resource = index_.resource(wait->on);
      const Step step = step_from(*wait);
      path.waits.push_back(wait);
      path.resources.push_back(resource);
      if (!resource->holders.empty()) path.holders.push_back(&resource->holders.front());
      if (step.end) path.end = *step.end;
      wait = step.next;
    }
    return path;
  }

  // The task is not there, has exited, or cannot be the one that the lock names: it began after the wait did.
  bool is_gone(NodeId who, const model::Wait& wait) const {
    const model::Task* task = index_.task(who);
    if (task == nullptr || task->state == TaskState::kZombie || task->state == TaskState::kDead) return true;
    return is_heir(*task, wait.on);
  }

  // A lock notes who took it last, and that is no more who has it once he has given it back. Who keeps a lock of the
  // kernel's sleeps in a way that nothing disturbs, as a rule; who waits for work, or was stopped, has left it.
  bool has_left(const model::Resource& lock, const model::Holder& holder) const {
    const model::Task* task = index_.task(holder.who);
    const bool is_hint = holder.role == model::HolderRole::kReader || holder.role == model::HolderRole::kLastHolder;
    if (task == nullptr || !is_hint || holder.certainty == Certainty::kCertain || !is_lock(lock.kind)) return false;
    return task->is_halted() || task->state == TaskState::kInterruptible || task->state == TaskState::kIdle ||
           task->state == TaskState::kParked;
  }

  // A lock may be taken by one that is younger than the oldest wait for it: it was stolen, or handed on. Only one that
  // is younger than every wait, and does not move, stands where a former holder stood.
  bool is_heir(const model::Task& task, NodeId lock) const {
    return is_younger(task, index_.youngest_age(lock)) && index_.idle_time(task).value_or(0) >= kLasting;
  }
  bool is_younger(const model::Task& task, std::optional<std::uint64_t> youngest) const {
    const std::uint64_t now = facts_.snapshot.machine.clock.value_or(0);
    if (!task.start_time || !youngest || *task.start_time > now) return false;
    return now - *task.start_time + kClockSkew < *youngest;
  }

  // Others have come to wait just now, and the holder has run just now: the lock goes from one to the next.
  bool is_handed_on(NodeId lock, std::uint64_t rested, std::uint64_t waited) const {
    const auto youngest = index_.youngest_age(lock);
    return rested < kLately && youngest && *youngest < kLately && waited < kHungTaskLimit;
  }

  std::optional<Finding> explain(const Path& path) const {
    if (path.last()->kind == ResourceKind::kServer) return std::nullopt;  // server_gone.cc
    const auto was_killed = [&](const model::Resource* one) { return killed_holder(facts_, *one) != nullptr; };
    if (std::ranges::any_of(path.resources, was_killed)) return std::nullopt;
    Finding finding;
    for (std::size_t i = 0; i < path.waits.size(); ++i) {
      finding.chain.push_back(index_.waits_link(*path.waits[i]));
      if (i < path.holders.size()) finding.chain.push_back(index_.held_link(*path.resources[i], *path.holders[i]));
    }
    finding.confidence = Certainty::kLikely;
    for (const model::Holder* holder : path.holders) {
      finding.confidence = model::weaker(finding.confidence, holder->certainty);
    }
    const bool explained =
        path.end.kind == NodeKind::kTask ? explain_task(path, finding) : explain_resource(path, finding);
    if (!explained) return std::nullopt;
    name_by_circumstances(path, finding);
    add_victims(facts_, finding);
    // Where nobody holds the last resource, its waiters are not reached through a culprit.
    add_blocked_by(facts_, model::resource_node(path.last()->address), finding);
    return finding;
  }

  // What the one at the end was in the middle of says more than what it happened to wait for there.
  void name_by_circumstances(const Path& path, Finding& finding) const {
    const bool is_reader =
        !path.holders.empty() && path.resources.at(path.holders.size() - 1)->kind == ResourceKind::kRcuGracePeriod;
    if (is_reader) {
      finding.hang_class = HangClass::kRcuStall;
      finding.advice = {Advice::kLeaveReadSection};
      return;
    }
    const model::Task* task = finding.culprits.size() == 1 ? facts_.index.task(finding.culprits[0].task) : nullptr;
    const bool waits_in_vain =
        finding.hang_class == HangClass::kNeverCompleted || finding.hang_class == HangClass::kLockHeldBySleeper;
    if (task == nullptr || !waits_in_vain) return;
    if (auto link = inside_reclaim(facts_, *task)) {
      finding.chain.push_back(*std::move(link));
      finding.hang_class = HangClass::kMemoryReclaimStall;
      finding.advice = {Advice::kDontWaitInReclaim};
    }
  }

  // The chain ends at a task that waits for nothing that is known.
  bool explain_task(const Path& path, Finding& finding) const {
    const model::Task* task = index_.task(path.end);
    const model::Holder& holder = *path.holders.back();
    if (is_gone(path.end, *path.waits.back())) {
      if (!is_lock(path.last()->kind) || is_user_lock(*path.last()) || holder.certainty != Certainty::kCertain) {
        return false;
      }
      return explain_gone(path, task, finding);
    }
    if (is_starved(facts_, *task, index_.age(*path.waits.back()).value_or(0))) {
      end_at_starved(facts_, *task, finding);
      return true;
    }
    if (task->on_cpu || task->is_runnable() || task->on_runqueue) {
      if (is_user_lock(*path.last()) || !keeps_busy(facts_, *task, path.waits.back()->on)) return false;
      if (takes_its_turn(facts_, *task, *path.waits.back())) return false;
      end_at_busy(facts_, *task, finding);
      finding.hang_class = is_lock(path.last()->kind) ? HangClass::kCpuHog : class_of_held(*path.last(), holder);
      finding.advice = {is_lock(path.last()->kind) ? Advice::kReleaseInLoop : advice_for(finding.hang_class, holder)};
      return true;
    }
    if (has_left(*path.last(), holder)) return false;
    // Whether it stands where a former holder stood, or was handed the lock, is not known.
    if (is_younger(*task, index_.youngest_known_age(path.waits.back()->on))) return false;
    if (waits_for_io(facts_, *task)) {
      end_at_io(facts_, *task, finding);
      return true;
    }
    // A process may keep a lock of its own as long as it likes, unless it was made to.
    if (is_user_lock(*path.last()) && !task->is_halted()) return false;
    if (holder.role == model::HolderRole::kVforkChild) return false;
    const bool waits_for_others =
        waits_for_unlisted(facts_.snapshot, *task) != nullptr || index_.waits_for_unread(*task);
    if (!task->is_halted() && waits_for_others) return false;
    // Of one that may have moved a moment ago nothing is said.
    if (!task->is_halted() && !index_.idle_time(*task)) return false;
    finding.culprits.push_back(index_.sleeping_culprit(*task));
    const auto rested = index_.idle_time(*task).value_or(0);
    const auto waited = index_.age(*path.waits.back()).value_or(0);
    const bool moves = rested + kSecond < waited && rested < kLasting;
    // Who took a lock last and has run since may have given it back: the readers of a lock are not noted.
    if (moves && holder.certainty != Certainty::kCertain) return false;
    if (moves && (waited < kLastingWhileMoving || is_handed_on(path.waits.back()->on, rested, waited))) return false;
    if (moves && takes_its_turn(facts_, *task, *path.waits.back())) return false;
    if (task->is_halted()) {
      finding.hang_class = HangClass::kHolderFrozen;
      finding.chain.push_back(index_.rests_link(Claim::kHolderStopped, *task));
      finding.advice.push_back(Advice::kContinueHolder);
      return true;
    }
    finding.chain.push_back(index_.rests_link(moves ? Claim::kHolderNaps : Claim::kHolderSleeps, *task));
    finding.hang_class = class_of_held(*path.last(), holder);
    finding.advice.push_back(advice_for(finding.hang_class, holder));
    return true;
  }

  // What it is called that the holder of a resource does not go on.
  static HangClass class_of_held(const model::Resource& resource, const model::Holder& holder) {
    if (resource.kind == ResourceKind::kRwSemaphore && holder.role == model::HolderRole::kReader) {
      return HangClass::kRwsemReaderBlocksWriter;
    }
    if (is_lock(resource.kind)) return HangClass::kLockHeldBySleeper;
    return resource.kind == ResourceKind::kWorkItem ? HangClass::kWorkqueueStall : HangClass::kNeverCompleted;
  }
  static Advice advice_for(HangClass hang_class, const model::Holder& holder) {
    if (holder.role == model::HolderRole::kMustEnd || holder.role == model::HolderRole::kMustPark)
      return Advice::kHeedStop;
    if (hang_class == HangClass::kWorkqueueStall) return Advice::kEndWork;
    return hang_class == HangClass::kNeverCompleted ? Advice::kComplete : Advice::kDontSleepWithLock;
  }

  static bool could_be_task(std::uint64_t address) {
    constexpr std::uint64_t kUpperHalf = 0x1ffff;  // bits 47 and up of a kernel's address on most machines
    constexpr std::uint64_t kAlignment = 64;
    const bool is_linear = address >> 60 == 0xc;  // POWER's linear memory
    return address % kAlignment == 0 &&
           (address >> 47 == kUpperHalf || address >> 56 == 0xff || is_linear || address >> 47 == 0);
  }

  // What is left of the holder may be another's, who came after it and has gone too: one that began after the wait did.
  static std::optional<model::FormerTask> former_holder(const Path& path) {
    const auto* facts = facts_of<model::LockFacts>(*path.last());
    if (facts == nullptr || !facts->former) return std::nullopt;
    const auto& start = facts->former->start_time;
    const auto& since = path.waits.back()->since;
    return !start || !since || *start <= *since + kClockSkew ? facts->former : std::nullopt;
  }

  bool explain_gone(const Path& path, const model::Task* task, Finding& finding) const {
    // What no task_struct can lie at was written over the lock.
    if (task == nullptr && !could_be_task(path.end.id)) return false;
    finding.hang_class = HangClass::kLockHeldByExitedTask;
    Link link{Claim::kHolderGone, {path.end}, GoneFacts{}, Certainty::kCertain, {}};
    auto& gone = facts_in<GoneFacts>(link);
    Culprit culprit;
    culprit.task = path.end.id;
    culprit.occupies_cpu = false;
    if (task == nullptr) {
      gone.former = former_holder(path);
      if (gone.former) {
        culprit.pid = gone.former->pid;
        culprit.comm = gone.former->comm;
      }
    } else if (task->state == TaskState::kZombie || task->state == TaskState::kDead) {
      gone.how = GoneHow::kExited;
      if (task->exit_state) {
        link.evidence.push_back({model::EvidenceKind::kField, "task_struct.exit_state", task->address,
                                 fmt::format("{:#x}", *task->exit_state)});
      }
      culprit.pid = task->pid;
      culprit.comm = task->comm;
    } else {
      gone.how = GoneHow::kReused;
      gone.later = *task->start_time - *path.waits.back()->since;
      link.evidence.push_back({model::EvidenceKind::kField, "task_struct.start_time", task->address,
                               fmt::format("{} ns", *task->start_time)});
    }
    // What the lock names is not who holds it.
    facts_in<HeldFacts>(finding.chain.back()).is_former = true;
    finding.chain.push_back(std::move(link));
    if (culprit.pid != 0) finding.culprits.push_back(std::move(culprit));
    finding.advice.push_back(Advice::kReleaseLock);
    return true;
  }

  // The chain ends at something that nobody holds.
  bool explain_resource(const Path& path, Finding& finding) const {
    const model::Resource& resource = *path.last();
    const model::Wait& wait = *path.waits.back();
    const model::Task* waiter = index_.task(wait.waiter);
    // A waiter that has been woken and only waits for a CPU is no matter of this resource.
    if (waiter == nullptr || waiter->is_runnable() || waiter->on_runqueue) return false;
    if (is_user_lock(resource) || (!index_.age(wait) && !index_.idle_time(*waiter))) return false;
    if (resource.kind == ResourceKind::kDevice) return end_at_device(facts_, wait, finding);
    if (is_free(resource) || has_come(resource)) {
      const auto* completion = completion_of(resource);
      const auto* lock = facts_of<model::LockFacts>(resource);
      LostFacts lost;
      if (completion != nullptr) lost.done = completion->done;
      if (lock != nullptr) lost.count = lock->count;
      finding.chain.push_back({Claim::kWakeupLost, {path.end}, lost, Certainty::kCertain, resource.evidence});
      finding.hang_class = HangClass::kLostWakeup;
      finding.culprits.push_back(index_.sleeping_culprit(*waiter));
      finding.advice.push_back(Advice::kWakeAfterChange);
      return true;
    }
    const auto* completion = facts_of<model::CompletionFacts>(resource);
    if (resource.kind != ResourceKind::kCompletion || (completion != nullptr && completion->ends_by_itself)) {
      return false;
    }
    // Threads that wait for work sleep interruptibly; only who cannot be disturbed depends on the answer.
    if (waiter->state != TaskState::kUninterruptible || waits_for_unlisted(facts_.snapshot, *waiter) != nullptr)
      return false;
    Link link{Claim::kNobodyCompletes, {path.end}, {}, Certainty::kLikely, resource.evidence};
    finding.chain.push_back(std::move(link));
    finding.culprits.push_back(index_.sleeping_culprit(*waiter));
    finding.hang_class = path.holders.empty()
                             ? HangClass::kNeverCompleted
                             : class_of_held(*path.resources[path.holders.size() - 1], *path.holders.back());
    finding.advice.push_back(Advice::kComplete);
    return true;
  }

  const Case& facts_;
  const WaitIndex& index_;
  std::unordered_map<const model::Wait*, Way> ways_;
};

}  // namespace

std::vector<Finding> detect_blocked(const Case& facts) {
  return BlockedDetector(facts).detect();
}

}  // namespace whyhung::diagnose
