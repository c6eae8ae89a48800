// SPDX-License-Identifier: GPL-2.0-or-later
// The words for the enums of a diagnosis, as they stand in JSON: one table each.
#include "base/enum_names.h"
#include "diagnose/class_names.h"
#include "diagnose/diagnose.h"

namespace whyhung::diagnose {
namespace {

constexpr auto kClaims = std::to_array<EnumName<Claim>>({{Claim::kAskedForStopMachine, "asked-for-stop-machine"},
                                                         {Claim::kStopMachineState, "stop-machine-state"},
                                                         {Claim::kCpusTookPart, "cpus-took-part"},
                                                         {Claim::kCpuDidNotTakePart, "cpu-did-not-take-part"},
                                                         {Claim::kStopperCannotRun, "stopper-cannot-run"},
                                                         {Claim::kCpuOccupied, "cpu-occupied"},
                                                         {Claim::kInterruptsOn, "interrupts-on"},
                                                         {Claim::kInterruptsOff, "interrupts-off"},
                                                         {Claim::kPreemptionDisabled, "preemption-disabled"},
                                                         {Claim::kKernelNotPreemptible, "kernel-not-preemptible"},
                                                         {Claim::kSoftirqNotPreemptible, "softirq-not-preemptible"},
                                                         {Claim::kRescheduleIgnored, "reschedule-ignored"},
                                                         {Claim::kWatchdogStale, "watchdog-stale"},
                                                         {Claim::kClockStopped, "clock-stopped"},
                                                         {Claim::kCallPending, "call-pending"},
                                                         {Claim::kEndlessLoop, "endless-loop"},
                                                         {Claim::kLoop, "loop"},
                                                         {Claim::kCpuWaitsForIpi, "cpu-waits-for-ipi"},
                                                         {Claim::kTaskWaits, "task-waits"},
                                                         {Claim::kHeldBy, "held-by"},
                                                         {Claim::kCycleCloses, "cycle-closes"},
                                                         {Claim::kHolderSleeps, "holder-sleeps"},
                                                         {Claim::kHolderNaps, "holder-naps"},
                                                         {Claim::kHolderRuns, "holder-runs"},
                                                         {Claim::kHolderStopped, "holder-stopped"},
                                                         {Claim::kHolderGone, "holder-gone"},
                                                         {Claim::kNobodyCompletes, "nobody-completes"},
                                                         {Claim::kCpuSpins, "cpu-spins"},
                                                         {Claim::kCpuHoldsSpinlocks, "cpu-holds-spinlocks"},
                                                         {Claim::kOnlyTheseCouldHold, "only-these-could-hold"},
                                                         {Claim::kNobodyHolds, "nobody-holds"},
                                                         {Claim::kTaskStarves, "task-starves"},
                                                         {Claim::kThrottled, "throttled"},
                                                         {Claim::kOthersPreferred, "others-preferred"},
                                                         {Claim::kWaitsForIo, "waits-for-io"},
                                                         {Claim::kServerSilent, "server-silent"},
                                                         {Claim::kDeviceSilent, "device-silent"},
                                                         {Claim::kRealTimeRuns, "real-time-runs"},
                                                         {Claim::kInsideReclaim, "inside-reclaim"},
                                                         {Claim::kInterruptLost, "interrupt-lost"},
                                                         {Claim::kCpuNotRun, "cpu-not-run"},
                                                         {Claim::kWakeupLost, "wakeup-lost"},
                                                         {Claim::kSleptAtomically, "slept-atomically"},
                                                         {Claim::kHolderKilled, "holder-killed"},
                                                         {Claim::kKernelDied, "kernel-died"},
                                                         {Claim::kMachineStopped, "machine-stopped"}});
static_assert(is_whole(kClaims));
constexpr auto kCulpritKinds = std::to_array<EnumName<CulpritKind>>(
    {{CulpritKind::kTask, "task"}, {CulpritKind::kSoftirq, "softirq"}, {CulpritKind::kHardirq, "hardirq"}});
static_assert(is_whole(kCulpritKinds));
constexpr auto kAdvice = std::to_array<EnumName<Advice>>({{Advice::kYieldInLoop, "yield-in-loop"},
                                                          {Advice::kShortenPreemptOff, "shorten-preempt-off"},
                                                          {Advice::kShortenIrqOff, "shorten-irq-off"},
                                                          {Advice::kShortenSoftirq, "shorten-softirq"},
                                                          {Advice::kOrderLocks, "order-locks"},
                                                          {Advice::kTakeOnce, "take-once"},
                                                          {Advice::kDontSleepWithLock, "dont-sleep-with-lock"},
                                                          {Advice::kContinueHolder, "continue-holder"},
                                                          {Advice::kReleaseLock, "release-lock"},
                                                          {Advice::kWakeAfterChange, "wake-after-change"},
                                                          {Advice::kComplete, "complete"},
                                                          {Advice::kEndWork, "end-work"},
                                                          {Advice::kOrderSpinlocks, "order-spinlocks"},
                                                          {Advice::kThrottleRealTime, "throttle-real-time"},
                                                          {Advice::kGiveCpuTime, "give-cpu-time"},
                                                          {Advice::kReleaseInLoop, "release-in-loop"},
                                                          {Advice::kHeedStop, "heed-stop"},
                                                          {Advice::kLookBelow, "look-below"},
                                                          {Advice::kLeaveReadSection, "leave-read-section"},
                                                          {Advice::kDontWaitInReclaim, "dont-wait-in-reclaim"},
                                                          {Advice::kLookOutside, "look-outside"},
                                                          {Advice::kLookAtServer, "look-at-server"},
                                                          {Advice::kContinueServer, "continue-server"},
                                                          {Advice::kResumeDevice, "resume-device"},
                                                          {Advice::kOrderUserLocks, "order-user-locks"},
                                                          {Advice::kMendCrash, "mend-crash"},
                                                          {Advice::kFindMemoryUser, "find-memory-user"}});
static_assert(is_whole(kAdvice));
constexpr auto kDoubts = std::to_array<EnumName<Doubt>>({{Doubt::kNothingReadable, "nothing-readable"},
                                                         {Doubt::kCpusUnknown, "cpus-unknown"},
                                                         {Doubt::kLockupUnexplained, "lockup-unexplained"},
                                                         {Doubt::kDetectorFired, "detector-fired"},
                                                         {Doubt::kWaitsUnending, "waits-unending"},
                                                         {Doubt::kWaitsUnread, "waits-unread"},
                                                         {Doubt::kNoClock, "no-clock"},
                                                         {Doubt::kTasksUnexplained, "tasks-unexplained"},
                                                         {Doubt::kOthersUnlisted, "others-unlisted"},
                                                         {Doubt::kCpuWaitsUnexplained, "cpu-waits-unexplained"}});
static_assert(is_whole(kDoubts));
constexpr auto kRungs =
    std::to_array<EnumName<Rung>>({{Rung::kAlive, "alive"}, {Rung::kDead, "dead"}, {Rung::kUnknown, "unknown"}});
static_assert(is_whole(kRungs));
constexpr auto kTaskBuckets = std::to_array<EnumName<TaskBucket>>({{TaskBucket::kRunning, "running"},
                                                                   {TaskBucket::kWaitsForCpu, "waits-for-cpu"},
                                                                   {TaskBucket::kExplainedWait, "explained-wait"},
                                                                   {TaskBucket::kNormalSleep, "normal-sleep"},
                                                                   {TaskBucket::kStopped, "stopped"},
                                                                   {TaskBucket::kExited, "exited"},
                                                                   {TaskBucket::kUnexplained, "unexplained"}});
static_assert(is_whole(kTaskBuckets));
constexpr auto kCpuBuckets = std::to_array<EnumName<CpuBucket>>({{CpuBucket::kCulprit, "culprit"},
                                                                 {CpuBucket::kVictim, "victim"},
                                                                 {CpuBucket::kIdle, "idle"},
                                                                 {CpuBucket::kWorking, "working"},
                                                                 {CpuBucket::kOffline, "offline"},
                                                                 {CpuBucket::kUnknown, "unknown"}});
static_assert(is_whole(kCpuBuckets));
constexpr auto kGoneHows = std::to_array<EnumName<GoneHow>>(
    {{GoneHow::kAbsent, "absent"}, {GoneHow::kExited, "exited"}, {GoneHow::kReused, "reused"}});
static_assert(is_whole(kGoneHows));
constexpr auto kSilenceHows = std::to_array<EnumName<SilenceHow>>({{SilenceHow::kNobody, "nobody"},
                                                                   {SilenceHow::kRemote, "remote"},
                                                                   {SilenceHow::kStopped, "stopped"},
                                                                   {SilenceHow::kSleeps, "sleeps"}});
static_assert(is_whole(kSilenceHows));

}  // namespace

std::string_view name_of(HangClass value) {
  return enum_name(kHangClasses, value);
}
std::span<const EnumName<HangClass>> words_of(HangClass) {
  return kHangClasses;
}
std::string_view name_of(Claim value) {
  return enum_name(kClaims, value);
}
std::span<const EnumName<Claim>> words_of(Claim) {
  return kClaims;
}
std::string_view name_of(CulpritKind value) {
  return enum_name(kCulpritKinds, value);
}
std::string_view name_of(Advice value) {
  return enum_name(kAdvice, value);
}
std::span<const EnumName<Advice>> words_of(Advice) {
  return kAdvice;
}
std::string_view name_of(Doubt value) {
  return enum_name(kDoubts, value);
}
std::span<const EnumName<Doubt>> words_of(Doubt) {
  return kDoubts;
}
std::string_view name_of(Rung value) {
  return enum_name(kRungs, value);
}
std::string_view name_of(TaskBucket value) {
  return enum_name(kTaskBuckets, value);
}
std::span<const EnumName<TaskBucket>> words_of(TaskBucket) {
  return kTaskBuckets;
}
std::string_view name_of(CpuBucket value) {
  return enum_name(kCpuBuckets, value);
}
std::span<const EnumName<CpuBucket>> words_of(CpuBucket) {
  return kCpuBuckets;
}
std::string_view name_of(GoneHow value) {
  return enum_name(kGoneHows, value);
}
std::string_view name_of(SilenceHow value) {
  return enum_name(kSilenceHows, value);
}

}  // namespace whyhung::diagnose
