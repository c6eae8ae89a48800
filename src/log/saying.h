// SPDX-License-Identifier: GPL-2.0-or-later
// What a kernel log says, where it is all that there is: the statements that a verdict from text is made of.
#pragma once

#include <cstdint>

namespace whyhung::log {

// Nodes, then a, b and n: words and a number that belong to it.
enum class Saying : std::uint8_t {
  kBlocked,            // task; n: seconds
  kListedBlocked,      // task: in a list of blocked tasks, without a duration
  kRefusesFreezing,    // task
  kSleepsIn,           // task; a: function, b: its caller
  kKernelNamesHolder,  // waiter, holder; a: kind of lock
  kLastHolder,         // the same of a semaphore, which has no owner
  kListedHolder,       // waiter, holder; a: lock, from lockdep's list
  kPredicted,          // waiter, holder: lockdep had described this order; a: lock
  kInsideTaker,        // waiter, holder: the only other one inside of a, which takes the lock
  kWorkOfFlush,        // flusher, worker; a: work
  kOwnLock,            // task; a: where it took the lock, b: where it wants it
  kCircle,             // tasks
  kHolderRuns,         // task; a: function
  kHolderSleeps,       // task; a: function
  kStuckCpu,           // CPU, task; n: seconds, a: function
  kStuckHard,          // CPU, task; a: function
  kSameFunction,       // a: function, n: reports
  kInterruptsOff,      // CPU
  kSpins,              // CPU; a: who wants the lock
  kWaitsForCpu,        // CPU; a: function
  kStoppedForOthers,   // CPU
  kStalledCpu,         // CPU; a: function, n: jiffies
  kDeafCpu,            // CPU: grace periods passed and it took no interrupt
  kStalledReader,      // task; n: jiffies
  kThreadStarved,      // CPU
  kUnanswered,         // waiting CPU, other CPU; n: milliseconds, a: function
  kInFirmware,         // CPU, task; a: function
  kStalledPool,        // a: its CPUs, n: seconds
  kWorkInFlight,       // worker; a: function
  kGracePeriodOld,     // a: kind, n: jiffies
  kReclaims,           // task; a: function
  kDeviceSays,         // a: device, n: messages
  kInterruptsLost,     // a: device
  kServerSilent,       // a: server
  kFrozenFileSystem,   // task
  kDeviceKept,         // a: network device
  kPrints,             // CPU, task; a: function
  kLinesLost,          // n
  kSpinOwner,          // CPU, waiter; a: owner
  kOops,               // task; a: function
  kPanics,             // a: message
  // Signs that time stood still
  kLongFirst,  // CPU; n: seconds at the first report
  kSameAge,    // n: seconds, the same on several CPUs
  kIdleStuck,  // CPU
  kFalsePositive,
  kSkippedIdle,  // n: CPUs
  kStarvedWhileIdle,
  kClockJumped,
  kResumed,
  kLongInterrupt,  // n: milliseconds
  // It is over
  kEnded,        // n: seconds for which the log goes on without another report
  kSaidEnded,    // the kernel itself says that it ended
  kShort,        // n: jiffies, far below what a hang is
  kNoComplaint,  // n: lines that were recognised
  kOnlyWarning,  // lockdep found a wrong order, and nothing hung
  kRefusedOnly,  // a suspend was refused, and the machine went on
  // What is not there
  kHolderNotShown,      // n: tasks shown
  kHandleNotShown,      // who has the journal's transaction open
  kSpinHolderNotShown,  // a: where it is wanted
  kExitingNotShown,
  kDeafNotShown,
  kNoStacks,  // n: reports
  kOthersNotShown,
  kOrderLost,
  kPointLost,  // CPU: where it was is not in its report
  kLateFirst,  // CPU; n: seconds that its only report speaks of
};
}  // namespace whyhung::log
