// SPDX-License-Identifier: GPL-2.0-or-later
// What to do about waits that do not end.
#include <fmt/format.h>

#include "report/phrases.h"
#include "report/wait_phrases.h"

namespace whyhung::report {

using diagnose::Finding;

std::string wait_advice_phrase(diagnose::Advice advice, const Finding& finding) {
  std::string place = "the code";
  if (!finding.culprits.empty()) {
    const std::string function = function_phrase(finding.culprits.front().function, finding.culprits.front().module);
    if (!function.empty()) place = function;
  }
  switch (advice) {
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
             "system, a "
             "full or dead disk, the hypervisor's storage";
    case diagnose::Advice::kResumeDevice:
      return "resume the device (dmsetup resume) or thaw the file system (fsfreeze --unfreeze), and find out which "
             "tool "
             "left it so";
    case diagnose::Advice::kLookAtServer:
      return "look at the server and the network to it; who must not wait for it can mount with soft or a shorter "
             "timeout";
    case diagnose::Advice::kContinueServer:
      return "continue the process that serves the file system, look at what it waits for, or end it: its clients then "
             "get an error";
    case diagnose::Advice::kOrderUserLocks:
      return "take the locks in one order in all threads and processes; the stacks in user space say where they were "
             "taken";
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
             "migrating), "
             "the interrupt controller, the firmware";
    case diagnose::Advice::kThrottleRealTime:
      return "let the real-time task sleep or block now and then, give it a CPU of its own, or keep real-time "
             "throttling on "
             "(kernel.sched_rt_runtime_us below kernel.sched_rt_period_us)";
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
             "takes "
             "them too (spin_lock_irqsave, spin_lock_bh)";
    default: return {};
  }
}

}  // namespace whyhung::report
