// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/log_phrases.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "report/phrases.h"

namespace whyhung::report {
namespace {

using diagnose::HangClass;
using log::Accused;
using log::Saying;
using log::Statement;
using log::Verdict;

std::string party(const model::Snapshot& snapshot, const Statement& link, std::size_t index) {
  if (index >= link.parties.size()) return "a task";
  const log::Party& one = link.parties[index];
  if (one.is_cpu) return fmt::format("CPU {}", one.number);
  const model::Task* task = snapshot.find_task(log::address_of(one.number));
  return task == nullptr || task->comm.empty() ? fmt::format("the task with pid {}", one.number)
                                               : fmt::format("{} (pid {})", printable(task->comm), task->pid);
}

std::string in(std::string_view word, std::string_view function) {
  return function.empty() ? std::string() : fmt::format("{}{}", word, printable(function));
}

// What is told of CPUs.
std::string cpu_phrase(const model::Snapshot& snapshot, const Statement& link, Saying saying) {
  const Statement& facts = link;
  const std::uint64_t n = facts.number.value_or(0);
  const std::string a = printable(facts.a);
  const auto who = [&](std::size_t index) { return party(snapshot, link, index); };
  const std::string on = link.parties.size() > 1 ? fmt::format(" ({})", who(1)) : std::string();
  switch (saying) {
    case Saying::kStuckCpu:
      return fmt::format("the watchdog says that {}{} let no other task run for {} s{}", who(0), on, n, in(", in ", a));
    case Saying::kStuckHard:
      return fmt::format("the watchdog says that {}{} took no interrupts{}", who(0), on, in(", in ", a));
    case Saying::kSameFunction: return fmt::format("{} reports show it in {}", n, a);
    case Saying::kInterruptsOff: return fmt::format("interrupts were disabled on {}", who(0));
    case Saying::kSpins: return fmt::format("{} wants a spinlock{}", who(0), in(", in ", a));
    case Saying::kWaitsForCpu: return fmt::format("{} waits for an answer of other CPUs{}", who(0), in(", in ", a));
    case Saying::kStoppedForOthers: return fmt::format("{} waits in stop_machine() for the other CPUs", who(0));
    case Saying::kStalledCpu: return fmt::format("RCU has waited {} jiffies for {}{}{}", n, who(0), on, in(", in ", a));
    case Saying::kDeafCpu: return fmt::format("{} has taken no interrupt while grace periods passed", who(0));
    case Saying::kStalledReader:
      return fmt::format("RCU has waited {} jiffies for {}, which is inside of rcu_read_lock()", n, who(0));
    case Saying::kThreadStarved:
      return fmt::format("RCU's own thread wants to run and does not come to it on {}{}", who(0),
                         in(", which runs ", a));
    case Saying::kUnanswered:
      return fmt::format("{} has waited {} ms for {} to run {}", who(0), n, who(1), a.empty() ? "a function" : a);
    case Saying::kInFirmware:
      return fmt::format("the last that is known of {} is {}: a call out of this kernel", who(0), a);
    case Saying::kPrints: return fmt::format("{} writes to a console{}", who(0), in("; asked for by ", a));
    case Saying::kLinesLost:
      return fmt::format("{} lines were dropped, as more was printed than the console can take", n);
    case Saying::kSpinOwner:
      return fmt::format("{} ({}) waits for a spinlock that {} holds, says the kernel", who(0), who(1),
                         a.empty() ? "nobody" : a);
    case Saying::kStalledPool: return fmt::format("the workers of CPUs {} have not come on for {} s", a, n);
    case Saying::kWorkInFlight: return fmt::format("{} is at work on {}", who(link.parties.size() > 1 ? 1 : 0), a);
    default: return {};
  }
}

std::string sign_phrase(const model::Snapshot& snapshot, const Statement& link, Saying saying) {
  const Statement& facts = link;
  const std::uint64_t n = facts.number.value_or(0);
  switch (saying) {
    case Saying::kLongFirst:
      return link.parties.empty()
                 ? fmt::format("the first report already speaks of {} jiffies", n)
                 : fmt::format("the first report of {} already speaks of {} s", party(snapshot, link, 0), n);
    case Saying::kSameAge: return fmt::format("several CPUs say the same {} s", n);
    case Saying::kIdleStuck:
      return fmt::format("{} is called stuck, and is idle or in user mode", party(snapshot, link, 0));
    case Saying::kFalsePositive: return "the kernel itself doubts the report (\"false positive?\")";
    case Saying::kSkippedIdle: return "all CPUs that were asked for a stack were idle";
    case Saying::kStarvedWhileIdle: return "RCU's thread did not run although its CPU was idle";
    case Saying::kClockJumped: return "a clock jumped, or was judged wrong, at that time";
    case Saying::kResumed: return "the machine had just come back from sleep";
    case Saying::kLongInterrupt: return fmt::format("one interrupt took {} ms", n);
    case Saying::kEnded: return fmt::format("the log goes on for {} s after the last report, and none follows", n);
    case Saying::kSaidEnded: return "the kernel says that it ended";
    case Saying::kShort:
      return fmt::format("the report speaks of {} jiffies, which is no hang: this kernel's limit is set low", n);
    case Saying::kNoComplaint: return "no detector of the kernel complains of a hang";
    case Saying::kOnlyWarning: return "lockdep warns of a wrong order of locks, and no task is said to hang";
    case Saying::kRefusedOnly: return "a suspend was refused, and the machine went on";
    default: return {};
  }
}

std::string missing_phrase(const model::Snapshot& snapshot, const Statement& link, Saying saying) {
  const Statement& facts = link;
  const std::uint64_t n = facts.number.value_or(0);
  const std::string a = printable(facts.a);
  switch (saying) {
    case Saying::kHolderNotShown:
      return fmt::format("who holds what they wait for is none of the {} task{} shown, or cannot be told from them", n,
                         n == 1 ? "" : "s");
    case Saying::kHandleNotShown:
      return "a task holds a handle of the journal's transaction and is not shown: it runs, or sleeps interruptibly";
    case Saying::kSpinHolderNotShown:
      return fmt::format("the holder of the spinlock{} is not shown", in(" wanted in ", a));
    case Saying::kExitingNotShown:
      return "the task that blocks the grace period is not in the log; look for one in do_exit";
    case Saying::kDeafNotShown: return fmt::format("what {} did is not shown", party(snapshot, link, 0));
    case Saying::kNoStacks: return fmt::format("of {} blocked task{} no stack is in the log", n, n == 1 ? "" : "s");
    case Saying::kOrderLost:
      return "the lines are not in their order, and their clock is too rough to put them in order";
    case Saying::kPointLost:
      return fmt::format("where {} was is not in the report: its registers are lost", party(snapshot, link, 0));
    case Saying::kLateFirst:
      return fmt::format("the only report of {} speaks of {} s: earlier ones are lost, or the machine was not run",
                         party(snapshot, link, 0), n);
    case Saying::kOthersNotShown: return "what the other CPUs and tasks did is not in the log";
    default: return {};
  }
}

std::string task_claim_phrase(const model::Snapshot& snapshot, const Statement& link, Saying saying) {
  const Statement& facts = link;
  const std::uint64_t n = facts.number.value_or(0);
  const std::string a = printable(facts.a);
  const std::string b = printable(facts.b);
  const auto who = [&](std::size_t index) { return party(snapshot, link, index); };
  switch (saying) {
    case Saying::kBlocked: return fmt::format("the kernel says that {} has been blocked for more than {} s", who(0), n);
    case Saying::kListedBlocked: return fmt::format("{} is listed as blocked; for how long is not said", who(0));
    case Saying::kRefusesFreezing: return fmt::format("{} cannot be frozen for a suspend", who(0));
    case Saying::kSleepsIn:
      return fmt::format("{} sleeps in {}{}", who(0), a, b.empty() || b == a ? "" : fmt::format(", called from {}", b));
    case Saying::kKernelNamesHolder:
      return fmt::format("{} waits for a {} that {} holds, says the kernel", who(0), a, who(1));
    case Saying::kLastHolder:
      return fmt::format("{} waits for a semaphore that {} took last, says the kernel", who(0), who(1));
    case Saying::kListedHolder:
      return fmt::format("{} waits for the lock {}, which {} holds by lockdep's list", who(0), a, who(1));
    case Saying::kPredicted:
      return fmt::format("{} waits where lockdep had described a circle with {}{}", who(0), who(1),
                         a.empty() ? "" : fmt::format(" (lock {})", a));
    case Saying::kInsideTaker:
      return fmt::format("{} waits for a lock in {}, and only {} of those shown is inside of what takes it", who(0), a,
                         who(1));
    case Saying::kWorkOfFlush:
      return fmt::format("{} waits for a work to end{}, which {} seems to run", who(0), a.empty() ? "" : " (" + a + ")",
                         who(1));
    case Saying::kOwnLock:
      return fmt::format("{} wants a lock in {} that is taken around {}, further out on its own stack", who(0), b, a);
    case Saying::kCircle: return "so each waits for the other";
    case Saying::kHolderRuns: return fmt::format("{} runs, in {}", who(0), a);
    case Saying::kHolderSleeps: return fmt::format("{} sleeps in {} with it", who(0), a);
    case Saying::kGracePeriodOld: return fmt::format("a grace period of {} is {} jiffies old, says the kernel", a, n);
    case Saying::kReclaims: return fmt::format("{} was freeing memory{}", who(0), in(" and had come to ", a));
    case Saying::kDeviceSays:
      return fmt::format("the driver of {} complained {} time{} before", a, n, n == 1 ? "" : "s");
    case Saying::kInterruptsLost:
      return fmt::format("commands complete only when polled: interrupts of {} are lost", a);
    case Saying::kServerSilent:
      return fmt::format("the server {} does not respond, and no later line says that it does again", a);
    case Saying::kFrozenFileSystem: return fmt::format("{} waits for a frozen file system to be thawed", who(0));
    case Saying::kDeviceKept: return fmt::format("the network device {} is to go, and somebody still uses it", a);
    case Saying::kOops: return fmt::format("the kernel ran into a fault: \"{}\"", a);
    case Saying::kPanics: return fmt::format("the kernel panicked: \"{}\"", a);
    default: return {};
  }
}

std::string accused_phrase(const Accused& accused) {
  const std::string where = function_phrase(accused.function, accused.module);
  if (!accused.thing.empty()) return printable(accused.thing);
  if (accused.kind != diagnose::CulpritKind::kTask) {
    std::string text = accused.kind == diagnose::CulpritKind::kSoftirq ? "a softirq" : "an interrupt handler";
    if (accused.cpu) text += fmt::format(" on CPU {}", *accused.cpu);
    return where.empty() ? text : fmt::format("{}, in {}", text, where);
  }
  if (accused.comm.empty()) return where.empty() ? "code that is not shown" : where;
  std::string text = printable(accused.comm);
  if (accused.pid) text += fmt::format(" (pid {})", *accused.pid);
  if (accused.on_cpu && accused.cpu) text += fmt::format(" on CPU {}", *accused.cpu);
  if (!where.empty()) text += fmt::format(", in {}", where);
  return text;
}

std::string_view class_phrase(const Verdict& verdict) {
  if (verdict.beyond == log::Beyond::kConsoleStorm) return "Printing to a slow console keeps the machine";
  if (verdict.beyond == log::Beyond::kCrashed) return "No hang: the kernel crashed";
  switch (verdict.hang_class) {
    case HangClass::kStopMachineStarved:
      return "A CPU does not take part in stop_machine(), and the others wait for it";
    case HangClass::kCpuHog: return "A CPU is kept by kernel code that does not let others run";
    case HangClass::kIrqsOff: return "A CPU takes no interrupts";
    case HangClass::kMutexDeadlock: return "A deadlock over mutexes";
    case HangClass::kSelfDeadlock: return "A task waits for a lock that it holds itself";
    case HangClass::kMixedLockCycle: return "A deadlock over locks of different kinds";
    case HangClass::kWorkqueueFlushDeadlock: return "A deadlock through a work item that is waited for";
    case HangClass::kSpinlockDeadlock: return "CPUs wait for a spinlock that is not released";
    case HangClass::kLockHeldBySleeper: return "The holder of a lock sleeps";
    case HangClass::kNeverCompleted: return "What is waited for does not come to its end";
    case HangClass::kWorkqueueStall: return "A worker does not come to the end of its work";
    case HangClass::kRtHog: return "A real-time task keeps a CPU";
    case HangClass::kRcuStall: return "A grace period of RCU does not end";
    case HangClass::kMemoryReclaimStall: return "Whoever frees memory does not come back from it";
    case HangClass::kIpiNotAnswered: return "A CPU does not answer another";
    case HangClass::kExternal: return "The machine, or a CPU, was not run for a while, from outside of this kernel";
    case HangClass::kIoStuck: return "I/O is not answered";
    case HangClass::kServerGone: return "A server does not answer";
    default: return "A hang";
  }
}

}  // namespace

std::string log_claim_phrase(const model::Snapshot& snapshot, const Statement& statement) {
  for (const auto phrase : {cpu_phrase, sign_phrase, missing_phrase, task_claim_phrase}) {
    std::string text = phrase(snapshot, statement, statement.saying);
    if (!text.empty()) return text;
  }
  return {};
}

std::string log_headline_phrase(const Verdict& verdict) {
  if (log::is_explained(verdict)) return std::string(class_phrase(verdict));
  return verdict.hang_class == HangClass::kNone ? "nothing hangs in this log, as far as it goes"
                                                : "the log does not tell why it hung";
}

std::string log_accused_phrase(const Verdict& verdict) {
  std::string text;
  for (const Accused& accused : verdict.accused) {
    text += (text.empty() ? "" : "; ") + accused_phrase(accused);
  }
  return text;
}

std::string log_summary_phrase(const log::LogReport& report) {
  const Verdict& verdict = report.verdict;
  std::string text;
  if (log::is_explained(verdict)) {
    text = class_phrase(verdict);
    if (!verdict.accused.empty()) text += ": " + log_accused_phrase(verdict);
    text += ".";
    const std::size_t victims = report.victims.size();
    if (victims != 0)
      text += fmt::format(" {} task{} of those shown wait{} behind it.", victims, victims == 1 ? "" : "s",
                          victims == 1 ? "s" : "");
    return text;
  }
  const bool none = verdict.hang_class == HangClass::kNone;
  text = none ? "As far as this log goes, nothing hangs in it now: " : "The log does not tell why: ";
  const char* separator = "";
  for (const Statement& statement : verdict.chain) {
    text += separator + log_claim_phrase(report.snapshot, statement);
    separator = "; ";
  }
  text += ".";
  if (!none) text += " " + log_collect_phrase(verdict);
  return text;
}

std::string log_collect_phrase(const Verdict& verdict) {
  const bool on_cpu = std::ranges::any_of(verdict.chain, [](const Statement& statement) {
    return std::ranges::any_of(statement.parties, &log::Party::is_cpu);
  });
  if (on_cpu) {
    return "Next time set kernel.softlockup_all_cpu_backtrace=1 and kernel.hardlockup_all_cpu_backtrace=1, press "
           "sysrq-l "
           "while it hangs, or let kdump save a vmcore.";
  }
  return "Next time press sysrq-t and sysrq-l while it hangs, set kernel.hung_task_all_cpu_backtrace=1, or let kdump "
         "save "
         "a vmcore: holders that run are in none of the kernel's lists of sleepers.";
}

std::vector<std::string> log_advice_phrases(const Verdict& verdict) {
  if (verdict.beyond == log::Beyond::kConsoleStorm) {
    return {"print less, or to a faster console: a lower loglevel, no console=ttyS0, a rate limit at the source"};
  }
  diagnose::Finding finding;
  finding.hang_class = verdict.hang_class;
  for (const Accused& accused : verdict.accused) {
    diagnose::Culprit culprit;
    culprit.kind = accused.kind;
    culprit.comm = accused.comm;
    culprit.pid = accused.pid.value_or(0);
    culprit.function = accused.function;
    culprit.module = accused.module;
    finding.culprits.push_back(culprit);
  }
  std::vector<std::string> all;
  for (const diagnose::Advice one : verdict.advice) all.push_back(advice_phrase(one, finding));
  return all;
}

}  // namespace whyhung::report
