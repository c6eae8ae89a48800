// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/phrases.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "report/links.h"
#include "report/wait_phrases.h"

namespace whyhung::report {
namespace {

using diagnose::Claim;
using diagnose::Link;

std::string since(const Link& link) {
  const std::string seconds = fact(link, "seconds");
  return seconds.empty() ? std::string() : fmt::format(" for {} s", seconds);
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i != 0) text += i + 1 == words.size() ? " and " : ", ";
    text += words[i];
  }
  return text;
}

std::string occupied_phrase(const model::Snapshot& snapshot, const Link& link) {
  const std::string function = function_phrase(fact(link, "function"), fact(link, "module"));
  const std::string task = task_phrase(snapshot, node(link, 1));
  const std::string context = fact(link, "context");
  if (context == "softirq") {
    return fmt::format("CPU {} runs a softirq, in {}, on top of {}", node(link, 0), function, task);
  }
  if (context == "hardirq" || context == "nmi") {
    return fmt::format("CPU {} is in an interrupt, in {}, on top of {}", node(link, 0), function, task);
  }
  return fmt::format("CPU {} has been running {}{}, in {}", node(link, 0), task, since(link),
                     function.empty() ? "code that is not known: its registers were not saved" : function);
}

std::string loop_phrase(const Link& link) {
  std::string text = fmt::format("its program counter stands in a loop of {} ({}–{})",
                                 function_phrase(fact(link, "function"), fact(link, "module")), fact(link, "begin"),
                                 fact(link, "end"));
  const std::string depends = fact(link, "depends");
  if (fact(link, "exit").empty())
    return text + "; nothing in it leaves, but not all code that it calls could be followed";
  text += fmt::format(" that ends by \"{}\"", fact(link, "exit"));
  if (!depends.empty()) {
    const std::string symbol = fact(link, "symbol");
    text += fmt::format(", which depends on {}{}", depends, symbol.empty() ? "" : fmt::format(" ({})", symbol));
  }
  const std::string value = fact(link, "value");
  if (!value.empty()) text += fmt::format(" = {}", value);
  return text;
}

std::string yield_words(const diagnose::Finding& finding) {
  if (finding.culprits.empty()) return "the loop";
  const diagnose::Culprit& culprit = finding.culprits.front();
  if (culprit.function.empty()) return fmt::format("{} (pid {})", printable(culprit.comm), culprit.pid);
  return function_phrase(culprit.function, culprit.module);
}

}  // namespace

std::string task_phrase(const model::Snapshot& snapshot, std::uint64_t task) {
  const model::Task* found = snapshot.find_task(task);
  if (found == nullptr) return fmt::format("the task at {:#x}", task);
  return fmt::format("{} (pid {})", printable(found->comm), found->pid);
}

std::string culprit_phrase(const model::Snapshot& snapshot, const diagnose::Culprit& culprit) {
  const model::Task* task = snapshot.find_task(culprit.task);
  std::string_view kind = "task";
  if (task != nullptr && task->is_kernel_thread) kind = "kernel thread";
  if (task != nullptr && task->is_idle_task) kind = "the idle task";
  std::string owner = fmt::format("{} {}", kind, task_phrase(snapshot, culprit.task));
  switch (culprit.kind) {
    case diagnose::CulpritKind::kTask: return owner;
    case diagnose::CulpritKind::kSoftirq: return fmt::format("a softirq on top of {}", owner);
    case diagnose::CulpritKind::kHardirq: return fmt::format("an interrupt on top of {}", owner);
  }
  return owner;
}

std::string function_phrase(std::string_view function, std::string_view module) {
  if (function.empty() && module.empty()) return {};
  const std::string name = function.empty() ? "code without a symbol" : printable(function);
  return module.empty() ? name : fmt::format("{} [{}]", name, printable(module));
}

std::string cpus_phrase(const std::vector<std::uint32_t>& cpus) {
  // Runs of numbers are written as such: a machine may have hundreds.
  std::vector<std::string> words;
  for (std::size_t i = 0; i < cpus.size();) {
    std::size_t end = i;
    while (end + 1 < cpus.size() && cpus[end + 1] == cpus[end] + 1) ++end;
    if (end >= i + 2) {
      words.push_back(fmt::format("{}–{}", cpus[i], cpus[end]));
    } else {
      for (std::size_t k = i; k <= end; ++k) words.push_back(std::to_string(cpus[k]));
    }
    i = end + 1;
  }
  return (cpus.size() == 1 ? "CPU " : "CPUs ") + joined(words);
}

std::string claim_phrase(const model::Snapshot& snapshot, const Link& link) {
  const auto task = [&](std::size_t index) { return task_phrase(snapshot, node(link, index)); };
  switch (link.claim) {
    case Claim::kAskedForStopMachine:
      return fmt::format("{} asked for the machine to be stopped, to run {}, and waits until every CPU takes part",
                         task(0), fact(link, "function"));
    case Claim::kStopMachineState:
      return fmt::format("of {} CPUs that must take part in stop_machine, {} {} not acknowledged the state {}",
                         fact(link, "threads"), fact(link, "missing"), fact(link, "missing") == "1" ? "has" : "have",
                         fact(link, "state"));
    case Claim::kCpusTookPart: {
      std::vector<std::uint32_t> cpus;
      for (const model::NodeId& one : link.nodes) cpus.push_back(static_cast<std::uint32_t>(one.id));
      return fmt::format(
          "{} took part: {} stopper spins in multi_cpu_stop at the highest priority, and nothing else "
          "runs there",
          cpus_phrase(cpus), cpus.size() == 1 ? "its" : "each one's");
    }
    case Claim::kCpuDidNotTakePart:
      return fmt::format("CPU {} did not: the work is still queued for its stopper, {}", node(link, 0), task(1));
    case Claim::kStopperCannotRun:
      return fmt::format("{} is runnable, but CPU {} is occupied by {}", task(0), node(link, 1), task(2));
    case Claim::kStopWorkWaiter:
      return fmt::format("{} waits for the stopper of CPU {} to run {}", task(0), node(link, 1),
                         fact(link, "function"));
    case Claim::kCpuOccupied: return occupied_phrase(snapshot, link);
    case Claim::kInterruptsOn: return fmt::format("interrupts are enabled on CPU {}", node(link, 0));
    case Claim::kInterruptsOff:
      return fmt::format("interrupts are disabled on CPU {}: it takes no tick and answers no other CPU", node(link, 0));
    case Claim::kPreemptionDisabled:
      return fmt::format("it cannot be preempted: its preempt count holds {} level{} of its own", fact(link, "depth"),
                         fact(link, "depth") == "1" ? "" : "s");
    case Claim::kKernelNotPreemptible:
      return fact(link, "model").empty()
                 ? std::string("it is not preempted: kernel code must yield by itself unless the kernel preempts fully")
                 : fmt::format(
                       "it cannot be preempted: this kernel's preemption is \"{}\", so kernel code runs until "
                       "it yields by itself",
                       fact(link, "model"));
    case Claim::kSoftirqNotPreemptible: return "a softirq is never preempted: it runs until it returns";
    case Claim::kRescheduleIgnored:
      return fmt::format("the scheduler has asked CPU {} to reschedule, and that has not happened", node(link, 0));
    case Claim::kWatchdogStale: {
      const std::string threshold = fact(link, "threshold");
      return fmt::format(
          "the watchdog of CPU {} was last served {} s ago{}", node(link, 0), fact(link, "seconds"),
          threshold.empty() ? "" : fmt::format("; the kernel reports a soft lockup after {} s", threshold));
    }
    case Claim::kClockStopped:
      return fmt::format("CPU {} has taken no timer tick{}: its runqueue's clock stands still", node(link, 0),
                         since(link));
    case Claim::kCallPending:
      return fmt::format("function calls of other CPUs are queued for CPU {} and unanswered", node(link, 0));
    case Claim::kEndlessLoop:
      return fmt::format(
          "its program counter stands in a loop of {} ({}–{}) that has no exit and calls nothing that "
          "yields",
          function_phrase(fact(link, "function"), fact(link, "module")), fact(link, "begin"), fact(link, "end"));
    case Claim::kLoop: return loop_phrase(link);
    case Claim::kCpuWaitsForIpi:
      return fmt::format("CPU {} spins until CPU {} has run {} for it", node(link, 0), node(link, 1),
                         fact(link, "function").empty() ? "a function" : "the function " + fact(link, "function"));
    case Claim::kInterruptLost:
      return fmt::format("CPU {} could take that interrupt and has not: it was lost on the way", node(link, 0));
    case Claim::kCpuNotRun:
      return fmt::format("so CPU {} executed nothing at all meanwhile: it was not run, from outside of this kernel",
                         node(link, 0));
    default: return wait_claim_phrase(snapshot, link);
  }
}

std::string evidence_phrase(const model::Evidence& evidence) {
  std::string text = printable(evidence.what);
  if (!evidence.value.empty()) text += fmt::format(" = {}", printable(evidence.value));
  if (evidence.address) text += fmt::format(" at {:#x}", *evidence.address);
  return text;
}

std::string advice_phrase(diagnose::Advice advice, const diagnose::Finding& finding) {
  switch (advice) {
    case diagnose::Advice::kYieldInLoop:
      return fmt::format(
          "let {} yield: cond_resched() or a sleep in the loop, and in a kernel thread an exit on "
          "kthread_should_stop()",
          yield_words(finding));
    case diagnose::Advice::kShortenPreemptOff:
      return fmt::format("enable preemption (or release the spinlock) within {} before it loops, and let it end",
                         yield_words(finding));
    case diagnose::Advice::kShortenIrqOff:
      return fmt::format("enable interrupts within {} before it loops, and let it end", yield_words(finding));
    case diagnose::Advice::kShortenSoftirq:
      return fmt::format("bound the work of {} and leave the rest to the next softirq or a work item",
                         yield_words(finding));
    default: return wait_advice_phrase(advice, finding);
  }
}

std::string doubt_phrase(const model::Snapshot& snapshot, const diagnose::Diagnosis& diagnosis, diagnose::Doubt doubt) {
  switch (doubt) {
    case diagnose::Doubt::kNothingReadable: return "the inside of the machine could not be read: see what is missing";
    case diagnose::Doubt::kCpusUnknown:
      return "of no CPU is it known what it did: their registers are not in the dump, or could not be read";
    case diagnose::Doubt::kLockupUnexplained:
      return fmt::format(
          "{} did not let the scheduler run for longer than the kernel's own limit, and what holds it is "
          "not a hang that is known here",
          cpus_phrase(diagnosis.doubtful_cpus));
    case diagnose::Doubt::kCpuWaitsUnexplained:
      return fmt::format("{} waited for another CPU or a lock, and who keeps it waiting was not found",
                         cpus_phrase(diagnosis.doubtful_cpus));
    case diagnose::Doubt::kDetectorFired:
      return fmt::format("the kernel itself reported a hang: \"{}\"", printable(snapshot.machine.panic_message));
    case diagnose::Doubt::kWaitsUnending: {
      const diagnose::UnendingWait& longest = diagnosis.unending.front();
      return fmt::format("{} has waited {:.0f} s for {}, and why it does not come was not found",
                         task_phrase(snapshot, longest.task), static_cast<double>(longest.age) / 1e9,
                         resource_phrase(snapshot, longest.resource));
    }
    case diagnose::Doubt::kTasksUnexplained: {
      const auto& longest = diagnosis.accounting.unexplained.front();
      return fmt::format("{} task{} sleep{} uninterruptibly without an explanation, {} for {:.0f} s",
                         diagnosis.accounting.unexplained.size(),
                         diagnosis.accounting.unexplained.size() == 1 ? "" : "s",
                         diagnosis.accounting.unexplained.size() == 1 ? "s" : "", task_phrase(snapshot, longest.task),
                         static_cast<double>(longest.since.value_or(0)) / 1e9);
    }
  }
  return {};
}

}  // namespace whyhung::report
