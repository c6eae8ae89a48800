// SPDX-License-Identifier: GPL-2.0-or-later
// The change to think of first, for each kind of advice.
#include <fmt/format.h>

#include "base/text.h"
#include "report/phrases.h"

namespace whyhung::report {
namespace {

std::string yield_words(const diagnose::Finding& finding) {
  if (finding.culprits.empty()) return "the loop";
  const diagnose::Culprit& culprit = finding.culprits.front();
  if (culprit.function.empty()) return fmt::format("{} (pid {})", printable(culprit.comm), culprit.pid);
  return function_phrase(culprit.function, culprit.module);
}

std::string place_words(const diagnose::Finding& finding) {
  if (finding.culprits.empty()) return "the code";
  const std::string function = function_phrase(finding.culprits.front().function, finding.culprits.front().module);
  return function.empty() ? "the code" : function;
}

}  // namespace

std::string advice_phrase(diagnose::Advice advice, const diagnose::Finding& finding) {
  const std::string place = place_words(finding);
  switch (advice) {
    case diagnose::Advice::kYieldInLoop:
      return fmt::format(
          "make {} yield: call cond_resched() or sleep in its loop, and leave the loop when kthread_should_stop()",
          yield_words(finding));
    case diagnose::Advice::kShortenPreemptOff:
      return fmt::format("enable preemption (or release the spinlock) within {} before it loops, and let it end",
                         yield_words(finding));
    case diagnose::Advice::kShortenIrqOff:
      return fmt::format("enable interrupts within {} before it loops, and let it end", yield_words(finding));
    case diagnose::Advice::kShortenSoftirq:
      return fmt::format("bound the work of {} and leave the rest to the next softirq or a work item",
                         yield_words(finding));
    case diagnose::Advice::kOrderLocks:
      return "take the locks in one order everywhere, and wait for threads and work items only without a lock that "
             "they take";
    case diagnose::Advice::kTakeOnce:
      return fmt::format("{} takes what its caller already holds: take it once, or split the function", place);
    case diagnose::Advice::kDontSleepWithLock:
      return fmt::format("release the lock before {} sleeps, or wake it; a bounded wait would show the fault", place);
    case diagnose::Advice::kContinueHolder:
      return "continue the stopped task (SIGCONT, thaw the cgroup, detach the tracer); do not stop tasks that hold "
             "locks";
    case diagnose::Advice::kReleaseLock: return "release the lock on every path on which the task can end";
    case diagnose::Advice::kWakeAfterChange:
      return "wake the waiter after the change that it waits for, with both under the lock that it checks under";
    case diagnose::Advice::kComplete:
      return fmt::format("complete what {} waits for on every path, errors included, or wait with a time limit", place);
    case diagnose::Advice::kEndWork:
      return fmt::format("let {} come to an end: a worker must not wait without limit", place);
    case diagnose::Advice::kLookBelow:
      return "look at the device, its driver and what lies between: multipath, a suspended mapping, a frozen file "
             "system, a full or dead disk, the hypervisor's storage";
    case diagnose::Advice::kResumeDevice:
      return "resume the device (dmsetup resume) or thaw the file system (fsfreeze --unfreeze), and find out which "
             "tool left it so";
    case diagnose::Advice::kLookAtServer:
      return "look at the server and the network to it; who must not wait for it can mount with soft or a shorter "
             "timeout";
    case diagnose::Advice::kContinueServer:
      return "continue the process that serves it, look at what it waits for, or end it: its clients then go on, or "
             "get "
             "an error";
    case diagnose::Advice::kOrderUserLocks:
      return "take the locks in one order in all threads and processes; the stacks in user space say where they were "
             "taken";
    case diagnose::Advice::kMendCrash:
      return fmt::format("mend what {} did: the registers and the code around it are in `bt` and `dis`", place);
    case diagnose::Advice::kFindMemoryUser:
      return "find who has the memory: `kmem -i` and `kmem -s` tell of the kernel's, `ps` (RSS) of programs";
    case diagnose::Advice::kLeaveReadSection:
      return fmt::format(
          "let {} leave its read-side section: neither sleep nor loop between rcu_read_lock() and rcu_read_unlock(); "
          "readers that must sleep take SRCU",
          place);
    case diagnose::Advice::kDontWaitInReclaim:
      return fmt::format(
          "let {} not wait: a shrinker gives back what it can at once (SHRINK_STOP), and takes locks only if they are "
          "free",
          place);
    case diagnose::Advice::kLookOutside:
      return "look outside of this kernel: a host that does not run the virtual CPU (overcommitted, paused, "
             "migrating), the interrupt controller, the firmware";
    case diagnose::Advice::kThrottleRealTime:
      return "let the real-time task sleep or block now and then, give it a CPU of its own, or keep real-time "
             "throttling on (kernel.sched_rt_runtime_us below kernel.sched_rt_period_us)";
    case diagnose::Advice::kGiveCpuTime:
      return "give the task CPU time: a larger quota (cpu.max) or weight for its control group, another scheduling "
             "policy or nice value, fewer tasks on that CPU; what holds locks that others need must not be starved";
    case diagnose::Advice::kReleaseInLoop:
      return fmt::format(
          "bound the work of {}, or release the lock now and then: yielding the CPU does not help who waits for the "
          "lock",
          place);
    case diagnose::Advice::kHeedStop:
      return fmt::format(
          "let {} ask kthread_should_stop() (or kthread_should_park()) each time round, and sleep so that it can be "
          "woken",
          place);
    case diagnose::Advice::kOrderSpinlocks:
      return "take spinlocks in one order everywhere, never twice, and with interrupts disabled where an interrupt "
             "takes them too (spin_lock_irqsave, spin_lock_bh)";
  }
  return {};
}

}  // namespace whyhung::report
