// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/reach.h"

namespace whyhung::report {

Lies where_lies(diagnose::HangClass hang_class) {
  using diagnose::HangClass;
  switch (hang_class) {
    case HangClass::kStopMachineStarved:
    case HangClass::kCpuHog:
    case HangClass::kIrqsOff:
    case HangClass::kMutexDeadlock:
    case HangClass::kSelfDeadlock:
    case HangClass::kMixedLockCycle:
    case HangClass::kWorkqueueFlushDeadlock:
    case HangClass::kSpinlockDeadlock:
    case HangClass::kLockHeldBySleeper:
    case HangClass::kLockHeldByExitedTask:
    case HangClass::kLockLeaked:
    case HangClass::kCrashed:
    case HangClass::kRwsemReaderBlocksWriter:
    case HangClass::kLostWakeup:
    case HangClass::kNeverCompleted:
    case HangClass::kWorkqueueStall:
    case HangClass::kRcuStall:
    case HangClass::kMemoryReclaimStall: return Lies::kInKernelCode;
    case HangClass::kUserSpaceLock: return Lies::kInPrograms;
    case HangClass::kHolderFrozen:
    case HangClass::kRtHog:
    case HangClass::kStarvation: return Lies::kInSettings;
    case HangClass::kIpiNotAnswered:
    case HangClass::kExternal:
    case HangClass::kIoStuck:
    case HangClass::kServerGone: return Lies::kOutside;
    case HangClass::kNone:
    case HangClass::kUndetermined: return Lies::kNowhere;
  }
  return Lies::kNowhere;
}

}  // namespace whyhung::report
