// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/wait_phrases.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "report/links.h"
#include "report/phrases.h"

namespace whyhung::report {
namespace {

using diagnose::Claim;
using diagnose::Finding;
using diagnose::HangClass;
using diagnose::Link;
using model::ResourceKind;

std::string_view noun(ResourceKind kind) {
  switch (kind) {
    case ResourceKind::kMutex: return "mutex";
    case ResourceKind::kRwSemaphore: return "rw_semaphore";
    case ResourceKind::kSemaphore: return "semaphore";
    case ResourceKind::kPercpuRwSemaphore: return "percpu_rw_semaphore";
    case ResourceKind::kRtMutex: return "rt_mutex";
    case ResourceKind::kSpinlock: return "spinlock";
    case ResourceKind::kCompletion: return "completion";
    case ResourceKind::kWaitQueue: return "wait queue";
    case ResourceKind::kBitWait: return "bit";
    case ResourceKind::kIpi: return "function call to a CPU";
    case ResourceKind::kRcuGracePeriod: return "RCU grace period";
    case ResourceKind::kWorkItem: return "work item";
    case ResourceKind::kWorkPool: return "worker pool";
    case ResourceKind::kBlockRequest: return "block request";
    case ResourceKind::kDevice: return "device";
    case ResourceKind::kServer: return "server";
    case ResourceKind::kFutex: return "futex";
    case ResourceKind::kFileLock: return "file lock";
    case ResourceKind::kPeer: return "peer";
    case ResourceKind::kFreeze: return "freeze";
    case ResourceKind::kMemory: return "free memory";
    case ResourceKind::kStopMachine: return "stop_machine request";
    case ResourceKind::kStopWork: return "stopper work";
  }
  return "resource";
}

// A resource's own name, printable; empty: it has none.
std::string resource_name(const model::Snapshot& snapshot, std::uint64_t address) {
  const model::Resource* resource = snapshot.find_resource(address);
  return resource == nullptr ? std::string() : printable(resource->name);
}

std::string node_phrase(const model::Snapshot& snapshot, const model::NodeId& id) {
  switch (id.kind) {
    case model::NodeKind::kTask: return task_phrase(snapshot, id.id);
    case model::NodeKind::kCpu: return fmt::format("CPU {}", id.id);
    case model::NodeKind::kResource: return resource_phrase(snapshot, id.id);
  }
  return {};
}

std::string seconds(const Link& link) {
  const std::string value = fact(link, "seconds");
  return value.empty() ? std::string() : fmt::format(", for {} s", value);
}

std::string where(const Link& link) {
  const std::string place = function_phrase(fact(link, "function"), fact(link, "module"));
  return place.empty() ? std::string() : " in " + place;
}

// How a task was made to stop.
std::string halt_phrase(const Link& link) {
  const std::string state = fact(link, "state");
  if (state == "traced") return "stopped by a tracer";
  return state == "frozen" ? "frozen (by its cgroup, or for a suspend)" : state;
}

std::string gone_phrase(const model::Snapshot& snapshot, const Link& link) {
  const std::string how = fact(link, "how");
  if (how == "absent" && !fact(link, "comm").empty()) {
    return fmt::format("there is no such task any more; what is left of its task_struct is {} (pid {}), which exited",
                       fact(link, "comm"), fact(link, "pid"));
  }
  if (how == "absent") return fmt::format("there is no task at {:#x} any more: the holder exited", node(link, 0));
  if (how == "exited") return fmt::format("{} has exited", task_phrase(snapshot, node(link, 0)));
  return fmt::format(
      "the holder exited: its task_struct at {:#x} now belongs to {}, which started {} s after the wait "
      "began",
      node(link, 0), task_phrase(snapshot, node(link, 0)), fact(link, "seconds"));
}

std::string lost_phrase(const Link& link) {
  if (const std::string done = fact(link, "done"); !done.empty()) {
    return fmt::format("it is completed (done = {}), but the waiter sleeps on and was not woken", done);
  }
  if (const std::string count = fact(link, "count"); !count.empty() && count != "0") {
    return fmt::format("it is free (count = {}), but the waiter sleeps on and was not woken", count);
  }
  return "nobody holds it, but the waiter sleeps on and was not woken";
}

// "the device dm-0 (number 253:0, driver dm_blk_dops [dm_mod], mapped as data)"
std::string device_words(const model::Snapshot& snapshot, const Link& link) {
  std::string details;
  for (const std::string_view name : {"number", "driver", "mapped as", "file system"}) {
    const std::string value = fact(link, name);
    if (!value.empty()) details += fmt::format("{}{} {}", details.empty() ? "" : ", ", name, value);
  }
  const std::string what = fact(link, "frozen").empty() ? resource_phrase(snapshot, node(link, 0))
                                                        : "the file system " + resource_name(snapshot, node(link, 0));
  return details.empty() ? what : fmt::format("{} ({})", what, details);
}

// What is the matter with a device.
std::string device_state(const Link& link) {
  const bool suspended = fact(link, "suspended") == "yes";
  if (const std::string frozen = fact(link, "frozen"); !frozen.empty()) {
    return fmt::format("is frozen {}{}: who writes to it waits until somebody thaws it", frozen,
                       suspended ? ", and its device is suspended" : "");
  }
  return suspended ? "is suspended: it takes no I/O until somebody resumes it" : "has not answered";
}

std::string device_phrase(const model::Snapshot& snapshot, const Link& link) {
  return fmt::format("{} {}", device_words(snapshot, link), device_state(link));
}

std::string server_phrase(const model::Snapshot& snapshot, const Link& link) {
  const std::string server = resource_phrase(snapshot, node(link, 0));
  const std::string how = fact(link, "how");
  if (how == "nobody") return fmt::format("no process has {} open any more", server);
  if (how == "remote") {
    return fmt::format("{} has not answered; the transport to it is {}; nothing in this kernel keeps the call", server,
                       fact(link, "connected") == "yes" ? "connected" : "not connected");
  }
  const std::string task = task_phrase(snapshot, node(link, 1));
  if (how == "stopped")
    return fmt::format("{} is {}: it cannot answer before it is continued", task, halt_phrase(link));
  return fmt::format("{} sleeps ({}){} and has not run for {} s, with the request unanswered", task,
                     fact(link, "state"), where(link), fact(link, "seconds"));
}

std::string circle_phrase(const model::Snapshot& snapshot, const Finding& finding) {
  std::string text;
  for (std::size_t i = 0; i + 1 < finding.chain.size(); ++i) {
    const Link& link = finding.chain[i];
    if (link.claim == Claim::kTaskWaits) {
      text += fmt::format("{}{} waits for {}", text.empty() ? "" : "; ", task_phrase(snapshot, node(link, 0)),
                          resource_phrase(snapshot, node(link, 1)));
    } else if (link.claim == Claim::kHeldBy) {
      const std::string role = fact(link, "role");
      const std::string holder = node_phrase(snapshot, link.nodes[1]);
      text += role == "owner" || role == "reader" || role == "last holder" || role == "was handed the lock"
                  ? fmt::format(", which {} holds", holder)
                  : fmt::format(", which needs {} ({})", holder, role);
    }
  }
  return text;
}

std::string former_name(const Finding& finding) {
  if (finding.culprits.empty()) return {};
  return fmt::format(", {} (pid {})", printable(finding.culprits.front().comm), finding.culprits.front().pid);
}

std::string spinning_phrase(const model::Snapshot& snapshot, const Finding& finding) {
  std::string text;
  for (const Link& link : finding.chain) {
    if (link.claim != Claim::kCpuSpins) continue;
    text += fmt::format("{}CPU {}, running {}, spins for {}", text.empty() ? "" : "; ", node(link, 0),
                        task_phrase(snapshot, node(link, 1)), resource_phrase(snapshot, node(link, 2)));
  }
  return fmt::format("A deadlock of spinlocks: {}; nobody else could hold {}.", text,
                     finding.culprits.size() == 1 ? "it" : "these");
}

// The object that the finding's end is about: the last resource of its chain.
std::string object_phrase(const model::Snapshot& snapshot, const Finding& finding, Claim claim) {
  const Link* link = last_link(finding, claim);
  if (link == nullptr) return "it";
  return resource_phrase(snapshot, node(*link, claim == Claim::kTaskWaits ? 1 : 0));
}

std::string server_finding_phrase(const model::Snapshot& snapshot, const Finding& finding, std::string_view culprit) {
  const std::string server = object_phrase(snapshot, finding, Claim::kServerSilent);
  const Link* silent = first_link(finding, Claim::kServerSilent);
  if (silent == nullptr || finding.culprits.empty()) return fmt::format("{} does not answer.", server);
  const bool stopped = fact(*silent, "how") == "stopped";
  return fmt::format("{} does not answer: the {}, which serves it, {}.", server, culprit,
                     stopped ? "is " + halt_phrase(*silent) : "sleeps" + where(*silent));
}

std::string holder_state(const Finding& finding) {
  if (const Link* link = first_link(finding, Claim::kHolderSleeps)) {
    return fmt::format("sleeps{} and has not run for {} s", where(*link), fact(*link, "seconds"));
  }
  if (const Link* link = first_link(finding, Claim::kHolderNaps)) {
    return fmt::format("sleeps again and again{} without releasing it", where(*link));
  }
  if (const Link* link = first_link(finding, Claim::kHolderRuns)) {
    return fmt::format("runs on and on{} without coming to release it", where(*link));
  }
  if (first_link(finding, Claim::kNobodyCompletes) != nullptr) return "itself waits for what nobody completes";
  return "does not go on";
}

}  // namespace

std::string resource_phrase(const model::Snapshot& snapshot, std::uint64_t address) {
  const model::Resource* resource = snapshot.find_resource(address);
  if (resource == nullptr) return fmt::format("what lies at {:#x}", address);
  if (resource->kind == ResourceKind::kFileLock && !resource->name.empty()) {
    return fmt::format("the lock of the file \"{}\"", printable(resource->name));
  }
  if (resource->name.empty()) return fmt::format("the {} at {:#x}", noun(resource->kind), address);
  return fmt::format("the {} {}", noun(resource->kind), printable(resource->name));
}

std::string wait_claim_phrase(const model::Snapshot& snapshot, const Link& link) {
  const auto task = [&] { return task_phrase(snapshot, node(link, 0)); };
  switch (link.claim) {
    case Claim::kTaskWaits:
      return fmt::format("{} wants {}: it {}{}", task(), resource_phrase(snapshot, node(link, 1)), fact(link, "how"),
                         seconds(link));
    case Claim::kHeldBy: {
      if (link.nodes.size() < 2) return "it is held";
      const std::string role = fact(link, "role");
      const std::string who = node_phrase(snapshot, link.nodes[1]);
      const std::string what = resource_phrase(snapshot, node(link, 0));
      if (role == "former owner") return fmt::format("{} names the task at {:#x} as its owner", what, link.nodes[1].id);
      if (role == "owner") return fmt::format("{} is held by {}", what, who);
      if (role == "reader") return fmt::format("{} is held for reading, last taken by {}", what, who);
      if (role == "last holder") return fmt::format("{} was last taken by {}", what, who);
      return fmt::format("{} depends on {}, which {}", what, who, role);
    }
    case Claim::kCycleCloses:
      return link.nodes.size() == 1 ? fmt::format("{} waits for itself: this cannot end", task())
                                    : std::string("so the circle is closed: none of them can ever go on");
    case Claim::kHolderSleeps:
      return fmt::format("{} sleeps ({}){} and has not run for {} s", task(), fact(link, "state"), where(link),
                         fact(link, "seconds"));
    case Claim::kHolderNaps:
      return fmt::format("{} runs now and then (last {} s ago), but sleeps again{} without releasing it", task(),
                         fact(link, "seconds"), where(link));
    case Claim::kHolderRuns:
      return fmt::format("{} runs on and on{} (last put on its CPU {} s ago), and all who wait came while it had it",
                         task(), where(link), fact(link, "seconds"));
    case Claim::kHolderStopped:
      return fmt::format("{} is {}: it cannot release it before it is continued", task(), halt_phrase(link));
    case Claim::kHolderGone: return gone_phrase(snapshot, link);
    case Claim::kNobodyCompletes:
      return fmt::format("no task is known that is about to complete {}", resource_phrase(snapshot, node(link, 0)));
    case Claim::kCpuSpins:
      return fmt::format("CPU {}, running {}, wants {}: it {}{}", node(link, 0), task_phrase(snapshot, node(link, 1)),
                         resource_phrase(snapshot, node(link, 2)), fact(link, "how"),
                         fact(link, "seconds").empty()
                             ? ""
                             : fmt::format("; its watchdog was last served {} s ago", fact(link, "seconds")));
    case Claim::kCpuHoldsSpinlocks:
      return fmt::format(
          "CPU {} has preemption disabled {} time{} more than that spinning needs: as with {} spinlock{} held",
          node(link, 0), fact(link, "held"), fact(link, "held") == "1" ? "" : "s", fact(link, "held"),
          fact(link, "held") == "1" ? "" : "s");
    case Claim::kOnlyTheseCouldHold: {
      std::vector<std::uint32_t> cpus;
      for (const model::NodeId& one : link.nodes) cpus.push_back(static_cast<std::uint32_t>(one.id));
      return fmt::format(
          "who holds a spinlock is on a CPU with preemption disabled, and that is only {}: what {} for {} will never "
          "release",
          cpus_phrase(cpus), cpus.size() == 1 ? "it spins" : "they spin", cpus.size() == 1 ? "it" : "they");
    }
    case Claim::kTaskStarves: {
      const std::string others = fact(link, "others");
      return fmt::format("{} is runnable and has waited {} s for CPU {}{}", task(), fact(link, "seconds"),
                         node(link, 1), others == "0" ? "" : fmt::format("; so have {} more", others));
    }
    case Claim::kThrottled: {
      const std::string group = fact(link, "group");
      return fmt::format("{} may not run: its control group{} has used its {} ms of CPU time in {} ms", task(),
                         group.empty() ? "" : " " + group, fact(link, "quota"), fact(link, "period"));
    }
    case Claim::kOthersPreferred:
      return fmt::format(
          "CPU {} runs others instead ({}, {}; {} more are runnable there), which the scheduler prefers to "
          "a task with {}",
          node(link, 0), task_phrase(snapshot, node(link, 1)), fact(link, "running"), fact(link, "others"),
          fact(link, "starved"));
    case Claim::kWaitsForIo:
      return fmt::format("{} waits for I/O{}, and has not run for {} s", task(), where(link), fact(link, "seconds"));
    case Claim::kServerSilent: return server_phrase(snapshot, link);
    case Claim::kDeviceSilent: return device_phrase(snapshot, link);
    case Claim::kRealTimeRuns:
      return fmt::format("CPU {} runs {} in {} mode under {} (prio {}), which stands above them and does not let go",
                         node(link, 0), task_phrase(snapshot, node(link, 1)), fact(link, "mode"), fact(link, "policy"),
                         fact(link, "priority"));
    case Claim::kInsideReclaim: {
      const std::string function = fact(link, "function");
      return fmt::format("{} was freeing memory ({}){}: all that need memory wait with it or try in vain", task(),
                         fact(link, "reclaim"),
                         function.empty() ? "" : " and had come to " + function_phrase(function, fact(link, "module")));
    }
    case Claim::kWakeupLost: return lost_phrase(link);
    default: return {};
  }
}

std::optional<std::string> wait_finding_phrase(const model::Snapshot& snapshot, const Finding& finding) {
  const std::string culprit =
      finding.culprits.empty() ? std::string("a task") : culprit_phrase(snapshot, finding.culprits.front());
  switch (finding.hang_class) {
    case HangClass::kMutexDeadlock:
    case HangClass::kMixedLockCycle:
    case HangClass::kWorkqueueFlushDeadlock:
      return fmt::format("A deadlock of {}: {}.",
                         finding.culprits.size() == 1 ? "one task" : fmt::format("{} tasks", finding.culprits.size()),
                         circle_phrase(snapshot, finding));
    case HangClass::kIoStuck: {
      if (const Link* device = first_link(finding, Claim::kDeviceSilent)) {
        return fmt::format("I/O is not answered: {}. No task of this kernel is to blame.",
                           device_phrase(snapshot, *device));
      }
      const Link* io = first_link(finding, Claim::kWaitsForIo);
      if (io == nullptr) return "I/O is not answered.";
      return fmt::format(
          "I/O is not answered: {} waits for it{} and has not run for {} s. No task of this kernel is to blame.",
          task_phrase(snapshot, node(*io, 0)), where(*io), fact(*io, "seconds"));
    }
    case HangClass::kServerGone: return server_finding_phrase(snapshot, finding, culprit);
    case HangClass::kUserSpaceLock:
      return fmt::format("A deadlock of {} over locks of user space: {}.",
                         finding.culprits.size() == 1 ? "one task" : fmt::format("{} tasks", finding.culprits.size()),
                         circle_phrase(snapshot, finding));
    case HangClass::kRtHog: {
      const Link* runs = first_link(finding, Claim::kRealTimeRuns);
      return fmt::format("The real-time {} keeps CPU {} ({}, {} mode); tasks of lower priority never run there.",
                         culprit, runs == nullptr ? 0 : node(*runs, 0), runs == nullptr ? "" : fact(*runs, "policy"),
                         runs == nullptr ? "" : fact(*runs, "mode"));
    }
    case HangClass::kStarvation: {
      const Link* starves = first_link(finding, Claim::kTaskStarves);
      const Link* throttled = first_link(finding, Claim::kThrottled);
      const std::string group = throttled == nullptr ? "" : fact(*throttled, "group");
      return fmt::format("The {} could run and gets no CPU: it has waited {} s for CPU {}{}.", culprit,
                         starves == nullptr ? "?" : fact(*starves, "seconds"),
                         starves == nullptr ? 0 : node(*starves, 1),
                         throttled == nullptr ? ", which others have"
                         : group.empty()      ? "; its control group has used its quota"
                                              : "; its control group " + group + " has used its quota");
    }
    case HangClass::kRcuStall: {
      const Link* held = first_link(finding, Claim::kHeldBy);
      if (held == nullptr || held->nodes[1].kind == model::NodeKind::kCpu) return std::nullopt;
      return fmt::format("The {} is inside of rcu_read_lock() and {}: no RCU grace period can end.", culprit,
                         holder_state(finding));
    }
    case HangClass::kMemoryReclaimStall: {
      const Link* inside = last_link(finding, Claim::kInsideReclaim);
      return fmt::format("Memory is not freed: the {} was reclaiming it{} and {}.", culprit,
                         inside == nullptr ? "" : where(*inside), holder_state(finding));
    }
    case HangClass::kIpiNotAnswered: {
      const Link* lost = first_link(finding, Claim::kInterruptLost);
      if (lost == nullptr) return std::nullopt;
      return fmt::format(
          "CPU {} does not answer a function call, although interrupts are enabled there. No task is to blame.",
          node(*lost, 0));
    }
    case HangClass::kExternal: {
      const Link* not_run = first_link(finding, Claim::kCpuNotRun);
      const Link* stopped = first_link(finding, Claim::kClockStopped);
      return fmt::format(
          "CPU {} was not run{}: interrupts were enabled there, wanted, and not taken. Nothing in this kernel can do "
          "that; the host or the firmware can.",
          not_run == nullptr ? 0 : node(*not_run, 0),
          stopped == nullptr ? "" : fmt::format(" for {} s", fact(*stopped, "seconds")));
    }
    case HangClass::kSpinlockDeadlock: return spinning_phrase(snapshot, finding);
    case HangClass::kSelfDeadlock:
      return fmt::format("The {} waits for itself: {}.", culprit, circle_phrase(snapshot, finding));
    case HangClass::kCpuHog:
      if (first_link(finding, Claim::kHolderRuns) == nullptr) return std::nullopt;
      [[fallthrough]];
    case HangClass::kLockHeldBySleeper:
      return fmt::format("The {} holds {} and {}.", culprit, object_phrase(snapshot, finding, Claim::kHeldBy),
                         holder_state(finding));
    case HangClass::kRwsemReaderBlocksWriter:
      return fmt::format(
          "The {} holds {} for reading and {}; a writer waits for it, and all who come later wait behind the writer.",
          culprit, object_phrase(snapshot, finding, Claim::kHeldBy), holder_state(finding));
    case HangClass::kLockHeldByExitedTask:
      return fmt::format("{} is held by a task that no longer exists{}: it exited without releasing it.",
                         object_phrase(snapshot, finding, Claim::kHeldBy), former_name(finding));
    case HangClass::kHolderFrozen:
      return fmt::format("The {} holds {} and was stopped from outside, so it cannot release it.", culprit,
                         object_phrase(snapshot, finding, Claim::kHeldBy));
    case HangClass::kLostWakeup:
      return fmt::format("What the {} waits for has come, yet it sleeps on: the wake-up for {} was lost.", culprit,
                         object_phrase(snapshot, finding, Claim::kTaskWaits));
    case HangClass::kNeverCompleted: {
      const Link* held = last_link(finding, Claim::kHeldBy);
      if (held == nullptr) {
        return fmt::format("The {} waits for {}, and nobody is left who would complete it.", culprit,
                           object_phrase(snapshot, finding, Claim::kTaskWaits));
      }
      return fmt::format("{} depends on the {}, which {}.", object_phrase(snapshot, finding, Claim::kHeldBy), culprit,
                         holder_state(finding));
    }
    case HangClass::kWorkqueueStall:
      return fmt::format("The {} executes {} and {}.", culprit, object_phrase(snapshot, finding, Claim::kHeldBy),
                         holder_state(finding));
    default: return std::nullopt;
  }
}

}  // namespace whyhung::report
