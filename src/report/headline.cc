// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/headline.h"

#include <fmt/format.h>

#include "report/brief.h"
#include "report/crash_phrases.h"
#include "report/links.h"
#include "report/words.h"

namespace whyhung::report {
namespace {

using diagnose::Claim;
using diagnose::Finding;
using diagnose::HangClass;
using model::Index;

std::string cpus_of(const Finding& finding) {
  std::vector<std::uint32_t> cpus;
  for (const diagnose::Culprit& culprit : finding.culprits) {
    if (culprit.cpu) cpus.push_back(*culprit.cpu);
  }
  return cpus.empty() ? "a CPU" : cpus_phrase(cpus);
}

std::string culprit_of(const Index& index, const Finding& finding) {
  return finding.culprits.empty() ? "a task" : brief_culprit(index, finding.culprits.front());
}

// Where the culprit is: its function, or its task when that is not known.
std::string place_of(const Index& index, const Finding& finding) {
  if (finding.culprits.empty()) return "code";
  const diagnose::Culprit& culprit = finding.culprits.front();
  const std::string place = brief_place(culprit.function, culprit.module);
  return place.empty() ? brief_culprit(index, culprit) : place;
}

// What the finding's end is about.
std::string object_of(const Index& index, const Finding& finding) {
  if (const diagnose::Link* held = last_link(finding, Claim::kHeldBy)) return brief_resource(index, node(*held, 0));
  if (const diagnose::Link* waits = last_link(finding, Claim::kTaskWaits))
    return brief_resource(index, node(*waits, 1));
  return "a lock";
}

std::string circle(const Finding& finding, std::string_view through) {
  if (finding.culprits.size() < 2) return fmt::format("a task waits for itself{}", through);
  return finding.culprits.size() == 2
             ? fmt::format("two tasks wait for each other{}", through)
             : fmt::format("{} tasks wait for each other in a circle{}", finding.culprits.size(), through);
}

std::string hog_headline(const Index& index, const Finding& finding) {
  if (first_link(finding, Claim::kHolderRuns) != nullptr) {
    return fmt::format("{} runs on and on with {}", place_of(index, finding), object_of(index, finding));
  }
  const std::string_view verb = finding.culprits.size() > 1 ? "are never given back" : "is never given back";
  const bool is_softirq = first_link(finding, Claim::kSoftirqNotPreemptible) != nullptr;
  return fmt::format("{} {} by {}{}", cpus_of(finding), verb, is_softirq ? "the softirq " : "",
                     place_of(index, finding));
}

std::string exited_headline(const Index& index, const Finding& finding) {
  const bool killed = first_link(finding, Claim::kHolderKilled) != nullptr;
  return fmt::format("the holder of {} {}", object_of(index, finding), killed ? "was killed by an Oops" : "has exited");
}

std::string sleeper_headline(const Index& index, const Finding& finding) {
  if (first_link(finding, Claim::kSleptAtomically) != nullptr) {
    return fmt::format("{} went to sleep with a spinlock held", culprit_of(index, finding));
  }
  const bool waits = first_link(finding, Claim::kNobodyCompletes) != nullptr;
  return fmt::format("the holder of {} {}", object_of(index, finding),
                     waits ? "waits for what nobody completes" : "sleeps and is not woken");
}

std::string spinlock_headline(const Finding& finding) {
  const bool is_counted = first_link(finding, Claim::kOnlyTheseCouldHold) != nullptr;
  if (finding.culprits.size() < 2) {
    return cpus_of(finding) +
           (is_counted ? " spins for a spinlock that only it can hold" : " spins for a spinlock that it holds itself");
  }
  return cpus_of(finding) +
         (is_counted ? " spin for spinlocks that only they can hold" : " spin for spinlocks that they hold themselves");
}

std::string io_headline(const Index& index, const Finding& finding) {
  const diagnose::Link* silent = first_link(finding, Claim::kDeviceSilent);
  if (silent == nullptr) return "I/O is not answered";
  const model::DeviceFacts& facts = diagnose::facts_of<diagnose::SilentDeviceFacts>(*silent).device;
  const std::string what = brief_resource(index, node(*silent, 0));
  if (facts.frozen) return fmt::format("the file system on {} is frozen", what);
  return fmt::format("{} {}", what, facts.suspended ? "is suspended" : "does not answer");
}

std::string rcu_headline(const Index& index, const Finding& finding) {
  return fmt::format("{} does not leave rcu_read_lock(), so no grace period ends", culprit_of(index, finding));
}

std::string server_headline(const Index& index, const Finding& finding) {
  const diagnose::Link* silent = first_link(finding, Claim::kServerSilent);
  return silent == nullptr ? "a server does not answer"
                           : fmt::format("{} does not answer", brief_resource(index, node(*silent, 0)));
}

// The CPU that the claim is about, or else those of the culprits.
std::string cpu_of(const Finding& finding, Claim claim) {
  const diagnose::Link* link = first_link(finding, claim);
  return link == nullptr ? cpus_of(finding) : fmt::format("CPU {}", node(*link, 0));
}

}  // namespace

std::string headline_phrase(const Index& index, const Finding& finding) {
  switch (finding.hang_class) {
    case HangClass::kStopMachineStarved: return cpus_of(finding) + " never reached stop_machine()";
    case HangClass::kCpuHog: return hog_headline(index, finding);
    case HangClass::kIrqsOff:
      return fmt::format("{} runs {} with interrupts disabled", cpus_of(finding), place_of(index, finding));
    case HangClass::kMutexDeadlock: return circle(finding, ", with mutexes held");
    case HangClass::kMixedLockCycle: return circle(finding, "");
    case HangClass::kWorkqueueFlushDeadlock: return circle(finding, ", through a work item");
    case HangClass::kUserSpaceLock: return circle(finding, ", with locks of user space");
    case HangClass::kSelfDeadlock:
      return fmt::format("{} waits for {}, which it holds itself", culprit_of(index, finding),
                         object_of(index, finding));
    case HangClass::kSpinlockDeadlock: return spinlock_headline(finding);
    case HangClass::kLockHeldBySleeper: return sleeper_headline(index, finding);
    case HangClass::kLockHeldByExitedTask: return exited_headline(index, finding);
    case HangClass::kLockLeaked: return "a spinlock was never released";
    case HangClass::kCrashed: return crash_headline(index, finding);
    case HangClass::kRwsemReaderBlocksWriter:
      return fmt::format("a reader keeps {} from writers", object_of(index, finding));
    case HangClass::kHolderFrozen:
      return fmt::format("the holder of {} was stopped from outside", object_of(index, finding));
    case HangClass::kLostWakeup: return fmt::format("the wake-up for {} was lost", object_of(index, finding));
    case HangClass::kNeverCompleted: return fmt::format("nobody completes {}", object_of(index, finding));
    case HangClass::kWorkqueueStall: return fmt::format("{} does not come to its end", object_of(index, finding));
    case HangClass::kRtHog:
      return fmt::format("real-time {} keeps {} from all others", culprit_of(index, finding), cpus_of(finding));
    case HangClass::kStarvation: return fmt::format("{} could run and gets no CPU", culprit_of(index, finding));
    case HangClass::kRcuStall: return rcu_headline(index, finding);
    case HangClass::kMemoryReclaimStall:
      return fmt::format("{} went to free memory and does not come back", culprit_of(index, finding));
    case HangClass::kIpiNotAnswered: return cpu_of(finding, Claim::kInterruptLost) + " does not answer the other CPUs";
    case HangClass::kExternal: return cpu_of(finding, Claim::kCpuNotRun) + " was not run, from outside of this kernel";
    case HangClass::kIoStuck: return io_headline(index, finding);
    case HangClass::kServerGone: return server_headline(index, finding);
    case HangClass::kNone: return "every CPU could run tasks, and no task waits in vain";
    case HangClass::kUndetermined: return "why it hung could not be determined";
  }
  return {};
}

}  // namespace whyhung::report
