// SPDX-License-Identifier: GPL-2.0-or-later
// Quick ways from a task to its wait, from a wait to its resource, and the links of a chain that state them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "diagnose/finding.h"
#include "model/index.h"

namespace whyhung::diagnose {

class WaitIndex {
 public:
  explicit WaitIndex(const model::Index& index);

  // What a task or CPU waits for; null when that is not known or nothing.
  const model::Wait* wait_of(model::NodeId waiter) const { return index_.wait_of(waiter); }
  const model::Resource* resource(model::NodeId node) const { return index_.resource(node); }
  const model::Task* task(model::NodeId node) const { return index_.task(node); }
  // How long a wait has lasted, ns; nothing when it or the clock is not known.
  std::optional<std::uint64_t> age(const model::Wait& wait) const;
  // By each resource, the wait of the task that has waited for it longest, of those whose age is known.
  const std::map<model::NodeId, const model::Wait*>& oldest_waits() const { return oldest_waits_; }
  // How long the youngest wait for a resource has lasted, ns; nothing when that of any is not known.
  std::optional<std::uint64_t> youngest_age(model::NodeId resource) const;
  // The same of those whose age is known.
  std::optional<std::uint64_t> youngest_known_age(model::NodeId resource) const;
  // The last task of the chain that a wait begins: whom all before it wait for, as far as that is certain. Null: the
  // chain is a circle, or ends at a task that is not in the snapshot.
  const model::Task* end_of_chain(const model::Wait& wait) const;
  // For how long a task has queued for a CPU, ns; 0: it does not, or that is not known.
  std::uint64_t queued_time(const model::Task& task) const;
  // The tasks that are runnable on a CPU and do not run.
  std::span<const model::Task* const> queued_on(std::uint32_t cpu) const;
  // Whether others have long waited for something that the task or CPU keeps.
  bool is_long_awaited(model::NodeId holder) const { return long_awaited_.contains(holder); }
  // For how long a task has not run, ns.
  std::optional<std::uint64_t> idle_time(const model::Task& task) const;

  // The task waits for the resource. `wait` is one of the snapshot.
  Link waits_link(const model::Wait& wait) const;
  Link held_link(const model::Resource& resource, const model::Holder& holder) const;
  // Where a task rests and since when.
  RestFacts rest_of(const model::Task& task) const;
  // That the task does not run: where it sleeps or was stopped, and for how long. `claim` is kHolderSleeps or another
  // with the same facts.
  Link rests_link(Claim claim, const model::Task& task) const;
  // The function in which a task sleeps for what is found from its stack as a rule, and here was not: a page is
  // missing, or nothing on the stack fits. Who knows what it waits for? It is no culprit. Null: it does not sleep so.
  const model::CodeLocation* unread_wait_of(const model::Task& task) const;
  // Whether it does, or its stack could not be read at all.
  bool waits_for_unread(const model::Task& task) const;
  // The culprit that a task makes which does not run: where it stands, for whom code of its own is the first frame
  // that is not the kernel's waiting.
  Culprit sleeping_culprit(const model::Task& task) const;

 private:
  // Where the chains behind a resource end: at a task, or at whoever waits for it.
  struct End {
    bool at_waiter = false;
    const model::Task* task = nullptr;
  };
  End find_end(model::NodeId resource);
  // Of the waits for a resource.
  struct Youngest {
    std::optional<std::uint64_t> known;  // of those whose age is known
    bool all_known = true;
  };

  const model::Index& index_;
  const model::Snapshot& snapshot_;
  std::map<model::NodeId, const model::Wait*> oldest_waits_;
  std::unordered_map<model::NodeId, Youngest, model::NodeHash> youngest_;  // by resource
  std::unordered_map<model::NodeId, End, model::NodeHash> ends_;
  std::unordered_map<std::uint32_t, std::vector<const model::Task*>> queued_;
  std::unordered_set<model::NodeId, model::NodeHash> long_awaited_;
};

// The function in which a task sleeps until others have left or done their part, of whom nothing tells who they are:
// SRCU's and percpu rw-semaphores' readers, the owner of a bit, whoever keeps a count up. What it holds meanwhile it
// holds for their sake. Null: it does not.
const model::CodeLocation* waits_for_unlisted(const model::Snapshot& snapshot, const model::Task& task);

// Whether the resource is a lock of user space, which its holder may keep for good reasons.
bool is_user_lock(const model::Resource& resource);
// Whether a freezer is what keeps a task. One that a signal or a tracer stopped also counts as frozen when its cgroup
// is.
bool is_kept_frozen(const model::Task& task);
// What says that a task sleeps.
model::Evidence state_evidence(const model::Snapshot& snapshot, const model::Task& task);

// Names the function that a culprit stands in.
void stands_at(Culprit& culprit, const model::Snapshot& snapshot, const model::StackFrame& frame);

// A wait is worth a question when it has lasted this long, ns: a queue that moves serves its oldest waiter sooner.
inline constexpr std::uint64_t kLasting = 8'000'000'000;

}  // namespace whyhung::diagnose
