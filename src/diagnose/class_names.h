// SPDX-License-Identifier: GPL-2.0-or-later
// The words for the classes of hangs, where they are needed when something is compiled.
#pragma once

#include "base/enum_names.h"
#include "diagnose/finding.h"

namespace whyhung::diagnose {

inline constexpr auto kHangClasses =
    std::to_array<EnumName<HangClass>>({{HangClass::kStopMachineStarved, "stop-machine-starved"},
                                        {HangClass::kCpuHog, "cpu-hog"},
                                        {HangClass::kIrqsOff, "irqs-off"},
                                        {HangClass::kMutexDeadlock, "mutex-deadlock"},
                                        {HangClass::kSelfDeadlock, "self-deadlock"},
                                        {HangClass::kMixedLockCycle, "mixed-lock-cycle"},
                                        {HangClass::kWorkqueueFlushDeadlock, "workqueue-flush-deadlock"},
                                        {HangClass::kSpinlockDeadlock, "spinlock-deadlock"},
                                        {HangClass::kLockHeldBySleeper, "lock-held-by-sleeper"},
                                        {HangClass::kLockHeldByExitedTask, "lock-held-by-exited-task"},
                                        {HangClass::kLockLeaked, "lock-leaked"},
                                        {HangClass::kCrashed, "crashed"},
                                        {HangClass::kRwsemReaderBlocksWriter, "rwsem-reader-blocks-writer"},
                                        {HangClass::kHolderFrozen, "holder-frozen"},
                                        {HangClass::kLostWakeup, "lost-wakeup"},
                                        {HangClass::kNeverCompleted, "never-completed"},
                                        {HangClass::kWorkqueueStall, "workqueue-stall"},
                                        {HangClass::kRtHog, "rt-hog"},
                                        {HangClass::kStarvation, "starvation"},
                                        {HangClass::kRcuStall, "rcu-stall"},
                                        {HangClass::kMemoryReclaimStall, "memory-reclaim-stall"},
                                        {HangClass::kIpiNotAnswered, "ipi-not-answered"},
                                        {HangClass::kExternal, "external"},
                                        {HangClass::kIoStuck, "io-stuck"},
                                        {HangClass::kServerGone, "server-gone"},
                                        {HangClass::kUserSpaceLock, "user-space-lock"},
                                        {HangClass::kNone, "none"},
                                        {HangClass::kUndetermined, "undetermined"}});
static_assert(is_whole(kHangClasses));

}  // namespace whyhung::diagnose
