// SPDX-License-Identifier: GPL-2.0-or-later
// A whole finding in one sentence: each class with its words.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "report/crash_phrases.h"
#include "report/links.h"
#include "report/marks.h"
#include "report/phrases.h"
#include "report/wait_phrases.h"

namespace whyhung::report {
namespace {

using diagnose::Claim;
using diagnose::Culprit;
using diagnose::Finding;
using diagnose::HangClass;
using diagnose::Link;
using diagnose::RestFacts;
using model::Index;

std::string capitalised(std::string_view text) {
  if (text.empty() || text.front() < 'a' || text.front() > 'z') return std::string(text);
  return static_cast<char>(text.front() - 'a' + 'A') + std::string(text.substr(1));
}

bool states(const Finding& finding, Claim claim) {
  return first_link(finding, claim) != nullptr;
}

// "has held CPU 2 for 14.2 s in an endless loop of pmount_kthread [while1]"
std::string holding_phrase(const Finding& finding, const Culprit& culprit) {
  const Link* occupied = first_link(finding, Claim::kCpuOccupied);
  std::string text = fmt::format("has held CPU {}", culprit.cpu.value_or(0));
  if (occupied != nullptr && finding.culprits.size() == 1) {
    text += seconds_after(" for ", facts_of<diagnose::OccupantFacts>(*occupied).held);
  }
  const std::string where = function_phrase(culprit.function, culprit.module);
  if (where.empty()) return text;
  if (states(finding, Claim::kEndlessLoop)) return text + " in an endless loop of " + where;
  if (states(finding, Claim::kLoop)) return text + " in a loop of " + where;
  return text + " in " + where;
}

std::string why_it_stays(const Finding& finding) {
  if (states(finding, Claim::kInterruptsOff)) return "with interrupts disabled";
  if (finding.hang_class == HangClass::kIrqsOff) return "and takes no interrupts";
  if (states(finding, Claim::kSoftirqNotPreemptible)) return "without an end; a softirq is never preempted";
  if (states(finding, Claim::kPreemptionDisabled)) return "with preemption disabled";
  if (states(finding, Claim::kKernelNotPreemptible)) {
    return "without yielding, on a kernel that does not preempt kernel code";
  }
  return "without yielding";
}

// Who holds which CPUs and why.
std::string occupants_phrase(const Index& index, const Finding& finding) {
  std::string text;
  for (const Culprit& culprit : finding.culprits) {
    text += text.empty() ? "" : "; ";
    text += fmt::format("{} {} {}", culprit_phrase(index, culprit), holding_phrase(finding, culprit),
                        why_it_stays(finding));
  }
  return text;
}

std::string stop_machine_phrase(const Index& index, const Finding& finding) {
  std::string text = finding.requester == 0
                         ? std::string("A stop_machine() request")
                         : "The task " + task_phrase(index, finding.requester) + " asked for stop_machine()";
  text += fmt::format(" to run {}, which needs the stopper thread of every CPU; ", called(finding.requested));
  std::vector<std::uint32_t> cpus;
  for (const Culprit& culprit : finding.culprits) cpus.push_back(culprit.cpu.value_or(0));
  if (const Link* took_part = first_link(finding, Claim::kCpusTookPart)) {
    text += fmt::format("{} {} been spinning in multi_cpu_stop() since, but ", cpu_nodes_phrase(took_part->nodes),
                        took_part->nodes.size() == 1 ? "has" : "have");
  }
  return text + fmt::format("on {} it cannot run: {}.", cpus_phrase(cpus), occupants_phrase(index, finding));
}

// "A waits for the mutex x, which B holds; B waits for …". Of a large circle the beginning.
std::string circle_phrase(const Index& index, const Finding& finding) {
  constexpr std::size_t kMostTold = 12;
  std::string text;
  std::size_t told = 0;
  for (std::size_t i = 0; i + 1 < finding.chain.size(); ++i) {
    const Link& link = finding.chain[i];
    if (link.claim == Claim::kTaskWaits) {
      if (++told > kMostTold) break;
      text += fmt::format("{}{} waits for {}", text.empty() ? "" : "; ", task_phrase(index, node(link, 0)),
                          resource_phrase(index, node(link, 1)));
    } else if (link.claim == Claim::kHeldBy && link.nodes.size() > 1) {
      const model::HolderRole role = facts_of<diagnose::HeldFacts>(link).role;
      const std::string holder = node_phrase(index, link.nodes[1]);
      text += holds(role) ? fmt::format(", which {} holds", holder)
                          : fmt::format(", which needs {} ({})", holder, role_words(role));
    }
  }
  return told > kMostTold ? text + fmt::format("; and so on, through {} tasks", finding.culprits.size()) : text;
}

std::string tasks_count(const Finding& finding) {
  return finding.culprits.size() == 1 ? "one task" : fmt::format("{} tasks", finding.culprits.size());
}

std::string spinning_phrase(const Index& index, const Finding& finding) {
  std::string text;
  for (const Link& link : finding.chain) {
    if (link.claim != Claim::kCpuSpins) continue;
    text += fmt::format("{}CPU {}, running {}, spins for {}", text.empty() ? "" : "; ", node(link, 0),
                        task_phrase(index, node(link, 1)), resource_phrase(index, node(link, 2)));
  }
  const bool is_counted = states(finding, Claim::kOnlyTheseCouldHold);
  if (finding.culprits.size() == 1) {
    return fmt::format("A spinlock is taken twice: {}, {}.", text,
                       is_counted ? "which only it can hold" : "which it holds itself");
  }
  return fmt::format("A deadlock of spinlocks: {}; {}.", text,
                     is_counted ? "nobody else could hold these" : "they hold these themselves");
}

// The object that the finding's end is about: the last resource of its chain.
std::string object_phrase(const Index& index, const Finding& finding, Claim claim) {
  const Link* link = last_link(finding, claim);
  if (link == nullptr) return "it";
  return resource_phrase(index, node(*link, claim == Claim::kTaskWaits ? 1 : 0));
}

std::string held_object(const Index& index, const Finding& finding) {
  return object_phrase(index, finding, Claim::kHeldBy);
}

// What the one does on whom all wait.
std::string holder_state(const Finding& finding) {
  if (const Link* link = first_link(finding, Claim::kHolderSleeps)) {
    const auto& facts = facts_of<RestFacts>(*link);
    return fmt::format("sleeps{} and has not run for {} s", in_place(facts.place), seconds_text(facts.idle));
  }
  if (const Link* link = first_link(finding, Claim::kHolderNaps)) {
    return fmt::format("sleeps again and again{} without releasing it", in_place(facts_of<RestFacts>(*link).place));
  }
  if (const Link* link = first_link(finding, Claim::kHolderRuns)) {
    return fmt::format("runs on and on{} without coming to release it", in_place(facts_of<RestFacts>(*link).place));
  }
  return states(finding, Claim::kNobodyCompletes) ? "itself waits for what nobody completes" : "does not go on";
}

std::string server_gone_phrase(const Index& index, const Finding& finding, std::string_view culprit) {
  const std::string server = object_phrase(index, finding, Claim::kServerSilent);
  const Link* silent = first_link(finding, Claim::kServerSilent);
  if (silent == nullptr || finding.culprits.empty()) return fmt::format("{} does not answer.", server);
  const auto& facts = facts_of<diagnose::SilenceFacts>(*silent);
  const RestFacts rest = facts.task.value_or(RestFacts{});
  return fmt::format(
      "{} does not answer: the {}, which serves it, {}.", server, culprit,
      facts.how == diagnose::SilenceHow::kStopped ? "is " + halt_phrase(rest) : "sleeps" + in_place(rest.place));
}

std::string io_stuck_phrase(const Index& index, const Finding& finding) {
  if (const Link* device = first_link(finding, Claim::kDeviceSilent)) {
    return fmt::format("I/O is not answered: {}.", device_phrase(index, *device));
  }
  const Link* io = first_link(finding, Claim::kWaitsForIo);
  if (io == nullptr) return "I/O is not answered.";
  const auto& facts = facts_of<RestFacts>(*io);
  return fmt::format("I/O is not answered: {} waits for it{} and has not run for {} s.",
                     task_phrase(index, node(*io, 0)), in_place(facts.place), seconds_text(facts.idle));
}

std::string rt_hog_phrase(const Finding& finding, std::string_view culprit) {
  const Link* runs = first_link(finding, Claim::kRealTimeRuns);
  if (runs == nullptr)
    return fmt::format("The real-time {} keeps a CPU; tasks of lower priority never run there.", culprit);
  const auto& facts = facts_of<diagnose::RealTimeFacts>(*runs);
  return fmt::format("The real-time {} keeps CPU {} ({}, {} mode); tasks of lower priority never run there.", culprit,
                     node(*runs, 0), policy_words(facts.policy), facts.in_user_mode ? "user" : "kernel");
}

std::string starvation_phrase(const Finding& finding, std::string_view culprit) {
  const Link* starves = first_link(finding, Claim::kTaskStarves);
  if (starves == nullptr) return fmt::format("The {} could run and gets no CPU.", culprit);
  const Link* throttled = first_link(finding, Claim::kThrottled);
  std::string why = ", which others have";
  if (throttled != nullptr) {
    const std::string group = printable(facts_of<diagnose::ThrottleFacts>(*throttled).group);
    why = fmt::format("; its control group{}{} has used its quota", group.empty() ? "" : " ", group);
  }
  return fmt::format("The {} could run and gets no CPU: it has waited {} s for CPU {}{}.", culprit,
                     seconds_text(facts_of<diagnose::StarvationFacts>(*starves).queued), node(*starves, 1), why);
}

std::string rcu_phrase(const Index& index, const Finding& finding, std::string_view culprit) {
  const Link* held = first_link(finding, Claim::kHeldBy);
  if (held == nullptr || held->nodes.size() < 2 || held->nodes[1].kind == model::NodeKind::kCpu) {
    return occupants_phrase(index, finding) + ", inside of rcu_read_lock(): no RCU grace period can end.";
  }
  return fmt::format("The {} is inside of rcu_read_lock() and {}: no RCU grace period can end.", culprit,
                     holder_state(finding));
}

std::string reclaim_finding_phrase(const Finding& finding, std::string_view culprit) {
  const Link* inside = last_link(finding, Claim::kInsideReclaim);
  return fmt::format("Memory is not freed: the {} was reclaiming it{} and {}.", culprit,
                     inside == nullptr ? "" : in_place(facts_of<diagnose::ReclaimFacts>(*inside).place),
                     holder_state(finding));
}

std::string unanswered_phrase(const Index& index, const Finding& finding) {
  const Link* lost = first_link(finding, Claim::kInterruptLost);
  if (lost == nullptr) return occupants_phrase(index, finding) + ".";
  return fmt::format(
      "CPU {} does not answer a function call, although interrupts are enabled there. No task is to blame.",
      node(*lost, 0));
}

std::string external_phrase(const Finding& finding) {
  const Link* not_run = first_link(finding, Claim::kCpuNotRun);
  const Link* stopped = first_link(finding, Claim::kClockStopped);
  return fmt::format(
      "CPU {} was not run{}: interrupts were enabled there, wanted, and not taken. Nothing in this kernel can do that; "
      "the host or the firmware can.",
      not_run == nullptr ? 0 : node(*not_run, 0),
      stopped == nullptr ? "" : seconds_after(" for ", facts_of<diagnose::ClockFacts>(*stopped).age));
}

std::string exited_phrase(const Index& index, const Finding& finding) {
  std::string name;
  if (!finding.culprits.empty()) {
    name = fmt::format(", {} (pid {})", printable(finding.culprits.front().comm), finding.culprits.front().pid);
  }
  if (states(finding, Claim::kHolderKilled)) {
    return fmt::format("{} was never released: the task that held it{} was killed by an Oops.",
                       object_phrase(index, finding, Claim::kTaskWaits), name);
  }
  return fmt::format("{} is held by a task that no longer exists{}: it exited without releasing it.",
                     held_object(index, finding), name);
}

std::string leaked_phrase(const Index& index, const Finding& finding) {
  std::string text;
  for (const Link& link : finding.chain) {
    if (link.claim != Claim::kCpuSpins) continue;
    text += fmt::format("{}CPU {} spins for {}", text.empty() ? "" : "; ", node(link, 0),
                        resource_phrase(index, node(link, 2)));
  }
  return fmt::format(
      "A spinlock was never released: {}. No CPU holds as many as are spun for; who took it has left it or sleeps, and "
      "is not known.",
      text);
}

std::string never_completed_phrase(const Index& index, const Finding& finding, std::string_view culprit) {
  if (states(finding, Claim::kHeldBy)) {
    return fmt::format("{} depends on the {}, which {}.", held_object(index, finding), culprit, holder_state(finding));
  }
  return fmt::format("The {} waits for {}, and nobody is left who would complete it.", culprit,
                     object_phrase(index, finding, Claim::kTaskWaits));
}

std::string holder_phrase(const Index& index, const Finding& finding, std::string_view culprit) {
  return fmt::format("The {} holds {} and {}.", culprit, held_object(index, finding), holder_state(finding));
}

std::string sentence_of(const Index& index, const Finding& finding) {
  const std::string culprit =
      finding.culprits.empty() ? std::string("a task") : culprit_phrase(index, finding.culprits.front());
  switch (finding.hang_class) {
    case HangClass::kStopMachineStarved: return stop_machine_phrase(index, finding);
    case HangClass::kIrqsOff: return occupants_phrase(index, finding) + ".";
    case HangClass::kCpuHog:
      return states(finding, Claim::kHolderRuns) ? holder_phrase(index, finding, culprit)
                                                 : occupants_phrase(index, finding) + ".";
    case HangClass::kMutexDeadlock:
    case HangClass::kMixedLockCycle:
    case HangClass::kWorkqueueFlushDeadlock:
      return fmt::format("A deadlock of {}: {}.", tasks_count(finding), circle_phrase(index, finding));
    case HangClass::kUserSpaceLock:
      return fmt::format("A deadlock of {} over locks of user space: {}.", tasks_count(finding),
                         circle_phrase(index, finding));
    case HangClass::kSelfDeadlock:
      return fmt::format("The {} waits for itself: {}.", culprit, circle_phrase(index, finding));
    case HangClass::kSpinlockDeadlock: return spinning_phrase(index, finding);
    case HangClass::kLockHeldBySleeper:
      if (states(finding, Claim::kSleptAtomically)) {
        return fmt::format("CPUs spin for a spinlock, and the {} went to sleep with one held.", culprit);
      }
      return holder_phrase(index, finding, culprit);
    case HangClass::kLockHeldByExitedTask: return exited_phrase(index, finding);
    case HangClass::kLockLeaked: return leaked_phrase(index, finding);
    case HangClass::kCrashed: return crashed_phrase(index, finding, culprit);
    case HangClass::kRwsemReaderBlocksWriter:
      return fmt::format(
          "The {} holds {} for reading and {}; a writer waits for it, and all who come later wait behind the writer.",
          culprit, held_object(index, finding), holder_state(finding));
    case HangClass::kHolderFrozen:
      return fmt::format("The {} holds {} and was stopped from outside, so it cannot release it.", culprit,
                         held_object(index, finding));
    case HangClass::kLostWakeup:
      return fmt::format("What the {} waits for has come, yet it sleeps on: the wake-up for {} was lost.", culprit,
                         object_phrase(index, finding, Claim::kTaskWaits));
    case HangClass::kNeverCompleted: return never_completed_phrase(index, finding, culprit);
    case HangClass::kWorkqueueStall:
      return fmt::format("The {} executes {} and {}.", culprit, held_object(index, finding), holder_state(finding));
    case HangClass::kRtHog: return rt_hog_phrase(finding, culprit);
    case HangClass::kStarvation: return starvation_phrase(finding, culprit);
    case HangClass::kRcuStall: return rcu_phrase(index, finding, culprit);
    case HangClass::kMemoryReclaimStall: return reclaim_finding_phrase(finding, culprit);
    case HangClass::kIpiNotAnswered: return unanswered_phrase(index, finding);
    case HangClass::kExternal: return external_phrase(finding);
    case HangClass::kIoStuck: return io_stuck_phrase(index, finding);
    case HangClass::kServerGone: return server_gone_phrase(index, finding, culprit);
    case HangClass::kNone: return "No hang.";
    case HangClass::kUndetermined: return "A hang that is not explained.";
  }
  return {};
}

}  // namespace

std::string finding_phrase(const Index& index, const Finding& finding) {
  return capitalised(sentence_of(index, finding));
}

std::string alike_phrase(const Finding& finding) {
  if (finding.also.empty()) return {};
  return fmt::format(" There {} {} more like it.", finding.also.size() == 1 ? "is" : "are", finding.also.size());
}

}  // namespace whyhung::report
