// SPDX-License-Identifier: GPL-2.0-or-later
// One link of a chain as a sentence: the claims, each with its words, and the sentences about CPUs.
#include <fmt/format.h>

#include "base/text.h"
#include "report/crash_phrases.h"
#include "report/links.h"
#include "report/marks.h"
#include "report/phrases.h"
#include "report/wait_phrases.h"
#include "report/words.h"

namespace whyhung::report {
namespace {

using diagnose::Claim;
using diagnose::Link;
using model::Index;

std::string request_phrase(const Index& index, const Link& link) {
  const auto& facts = facts_of<diagnose::StopFacts>(link);
  return fmt::format("{} asked for the machine to be stopped, to run {}, and waits until every CPU takes part",
                     task_phrase(index, node(link, 0)), called(facts.function));
}

std::string stop_state_phrase(const Link& link) {
  const auto& facts = facts_of<diagnose::StopFacts>(link);
  return fmt::format("of {} CPUs that must take part in stop_machine, {} {} not acknowledged the state {}",
                     facts.threads, facts.missing, facts.missing == 1 ? "has" : "have", printable(facts.state));
}

std::string took_part_phrase(const Link& link) {
  return fmt::format(
      "{} took part: {} stopper spins in multi_cpu_stop() at the highest priority, and nothing else runs there",
      cpu_nodes_phrase(link.nodes), link.nodes.size() == 1 ? "its" : "each one's");
}

std::string occupied_phrase(const Index& index, const Link& link) {
  const auto& facts = facts_of<diagnose::OccupantFacts>(link);
  const std::string function = function_phrase(facts.place);
  const std::string task = task_phrase(index, node(link, 1));
  switch (facts.context) {
    case model::ContextKind::kSoftirq:
      return fmt::format("CPU {} runs a softirq, in {}, on top of {}", node(link, 0), function, task);
    case model::ContextKind::kHardirq:
    case model::ContextKind::kNmi:
      return fmt::format("CPU {} is in an interrupt, in {}, on top of {}", node(link, 0), function, task);
    case model::ContextKind::kTask:
    case model::ContextKind::kException: break;
  }
  return fmt::format("CPU {} has been running {}{}, in {}", node(link, 0), task, seconds_after(" for ", facts.held),
                     function.empty() ? "code that is not known: its registers were not saved" : function);
}

std::string not_preemptible_phrase(const Link& link) {
  const std::string model = printable(facts_of<diagnose::PreemptionFacts>(link).model);
  if (model.empty()) {
    return "it is not preempted: kernel code must yield by itself unless the kernel preempts fully";
  }
  return fmt::format(
      "it cannot be preempted: this kernel's preemption is \"{}\", so kernel code runs until it yields by itself",
      model);
}

std::string watchdog_phrase(const Link& link) {
  const auto& facts = facts_of<diagnose::ClockFacts>(link);
  constexpr std::uint64_t kSecond = 1'000'000'000;
  return fmt::format(
      "the watchdog of CPU {} last ran {} s ago{}", node(link, 0), seconds_text(facts.age.value_or(0)),
      facts.threshold ? fmt::format("; the kernel reports a soft lockup after {} s", *facts.threshold / kSecond) : "");
}

std::string loop_words(const diagnose::LoopFacts& facts) {
  return fmt::format("its program counter stands in a loop of {} ({:#x}-{:#x})", function_phrase(facts.place),
                     facts.begin, facts.end);
}

std::string loop_phrase(const Link& link) {
  const auto& facts = facts_of<diagnose::LoopFacts>(link);
  std::string text = loop_words(facts);
  if (!facts.exit || facts.exit->condition.empty()) {
    return text + "; nothing in it leaves, but not all code that it calls could be followed";
  }
  const model::LoopExit& exit = *facts.exit;
  text += fmt::format(" that ends by \"{}\"", printable(exit.condition));
  if (!exit.depends_on.empty()) {
    text += fmt::format(", which depends on {}{}", printable(exit.depends_on),
                        exit.symbol.empty() ? "" : fmt::format(" ({})", printable(exit.symbol)));
  }
  if (exit.value) text += fmt::format(" = {:#x}", *exit.value);
  return text;
}

std::string ipi_phrase(const Link& link) {
  const std::string function = called(facts_of<diagnose::CallFacts>(link).function);
  return fmt::format("CPU {} spins until CPU {} has run {} for it", node(link, 0), node(link, 1),
                     function.empty() ? "a function" : function);
}

}  // namespace

std::string claim_phrase(const Index& index, const Link& link) {
  const std::uint64_t first = node(link, 0);
  switch (link.claim) {
    case Claim::kAskedForStopMachine: return request_phrase(index, link);
    case Claim::kStopMachineState: return stop_state_phrase(link);
    case Claim::kCpusTookPart: return took_part_phrase(link);
    case Claim::kCpuDidNotTakePart:
      return fmt::format("CPU {} did not: the work is still queued for its stopper, {}", first,
                         task_phrase(index, node(link, 1)));
    case Claim::kStopperCannotRun:
      return fmt::format("{} is runnable, but CPU {} is occupied by {}", task_phrase(index, first), node(link, 1),
                         task_phrase(index, node(link, 2)));
    case Claim::kCpuOccupied: return occupied_phrase(index, link);
    case Claim::kInterruptsOn: return fmt::format("interrupts are enabled on CPU {}", first);
    case Claim::kInterruptsOff:
      return fmt::format("interrupts are disabled on CPU {}: it takes no tick and answers no other CPU", first);
    case Claim::kPreemptionDisabled: {
      const std::uint32_t depth = facts_of<diagnose::DepthFacts>(link).depth;
      return fmt::format("it cannot be preempted: its preempt count holds {} level{} of its own", depth, plural(depth));
    }
    case Claim::kKernelNotPreemptible: return not_preemptible_phrase(link);
    case Claim::kSoftirqNotPreemptible: return "a softirq is never preempted: it runs until it returns";
    case Claim::kRescheduleIgnored:
      return fmt::format("the scheduler has asked CPU {} to reschedule, and that has not happened", first);
    case Claim::kWatchdogStale: return watchdog_phrase(link);
    case Claim::kClockStopped:
      return fmt::format("CPU {} has taken no timer tick{}: its runqueue's clock stands still", first,
                         seconds_after(" for ", facts_of<diagnose::ClockFacts>(link).age));
    case Claim::kCallPending:
      return fmt::format("function calls of other CPUs are queued for CPU {} and unanswered", first);
    case Claim::kEndlessLoop:
      return loop_words(facts_of<diagnose::LoopFacts>(link)) + " that has no exit and calls nothing that yields";
    case Claim::kLoop: return loop_phrase(link);
    case Claim::kCpuWaitsForIpi: return ipi_phrase(link);
    case Claim::kInterruptLost:
      return fmt::format("CPU {} could take that interrupt and has not: it was lost on the way", first);
    case Claim::kCpuNotRun:
      return fmt::format("so CPU {} executed nothing at all meanwhile: it was not run, from outside of this kernel",
                         first);
    case Claim::kTaskWaits: return waits_phrase(index, link);
    case Claim::kHeldBy: return held_phrase(index, link);
    case Claim::kCycleCloses: return cycle_phrase(index, link);
    case Claim::kHolderSleeps:
    case Claim::kHolderNaps:
    case Claim::kHolderRuns:
    case Claim::kHolderStopped: return rests_phrase(index, link);
    case Claim::kHolderGone: return gone_phrase(index, link);
    case Claim::kNobodyCompletes: return nobody_phrase(index, link);
    case Claim::kCpuSpins: return spins_phrase(index, link);
    case Claim::kCpuHoldsSpinlocks: return spinlocks_phrase(link);
    case Claim::kOnlyTheseCouldHold: return only_these_phrase(link);
    case Claim::kNobodyHolds: return nobody_holds_phrase(index, link);
    case Claim::kTaskStarves: return starves_phrase(index, link);
    case Claim::kThrottled: return throttled_phrase(index, link);
    case Claim::kOthersPreferred: return preferred_phrase(index, link);
    case Claim::kWaitsForIo: return io_phrase(index, link);
    case Claim::kServerSilent: return server_phrase(index, link);
    case Claim::kDeviceSilent: return device_phrase(index, link);
    case Claim::kRealTimeRuns: return real_time_phrase(index, link);
    case Claim::kInsideReclaim: return reclaim_phrase(index, link);
    case Claim::kWakeupLost: return lost_phrase(link);
    case Claim::kSleptAtomically: return slept_phrase(index, link);
    case Claim::kHolderKilled: return killed_phrase(index, link);
    case Claim::kKernelDied: return died_phrase(index, link);
    case Claim::kMachineStopped: return stopped_phrase(link);
  }
  return {};
}

}  // namespace whyhung::report
