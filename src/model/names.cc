// SPDX-License-Identifier: GPL-2.0-or-later
// The words for the enums of the model, as they stand in JSON: one table each.
#include <algorithm>

#include "base/enum_names.h"
#include "model/snapshot.h"

namespace whyhung::model {
namespace {

constexpr auto kEvidenceKinds = std::to_array<EnumName<EvidenceKind>>({{EvidenceKind::kField, "field"},
                                                                       {EvidenceKind::kList, "list"},
                                                                       {EvidenceKind::kFrame, "frame"},
                                                                       {EvidenceKind::kRegister, "register"},
                                                                       {EvidenceKind::kCode, "code"},
                                                                       {EvidenceKind::kLog, "log"},
                                                                       {EvidenceKind::kInference, "inference"}});
static_assert(is_whole(kEvidenceKinds));
constexpr auto kCertainties = std::to_array<EnumName<Certainty>>(
    {{Certainty::kCertain, "certain"}, {Certainty::kLikely, "likely"}, {Certainty::kPossible, "possible"}});
static_assert(is_whole(kCertainties));
constexpr auto kLoopYields = std::to_array<EnumName<LoopYield>>(
    {{LoopYield::kNever, "never"}, {LoopYield::kUnknown, "unknown"}, {LoopYield::kMay, "may"}});
static_assert(is_whole(kLoopYields));
constexpr auto kBusyWaits = std::to_array<EnumName<BusyWait>>({{BusyWait::kNone, ""},
                                                               {BusyWait::kStopMachine, "stop-machine"},
                                                               {BusyWait::kIpi, "ipi"},
                                                               {BusyWait::kSpinlock, "spinlock"},
                                                               {BusyWait::kOwnerSpin, "owner-spin"},
                                                               {BusyWait::kConsole, "console"},
                                                               {BusyWait::kCallback, "callback"}});
static_assert(is_whole(kBusyWaits));
constexpr auto kNodeKinds = std::to_array<EnumName<NodeKind>>(
    {{NodeKind::kTask, "task"}, {NodeKind::kCpu, "cpu"}, {NodeKind::kResource, "resource"}});
static_assert(is_whole(kNodeKinds));
constexpr auto kFrameOrigins =
    std::to_array<EnumName<FrameOrigin>>({{FrameOrigin::kRegisters, "registers"},
                                          {FrameOrigin::kCall, "call"},
                                          {FrameOrigin::kException, "exception"},
                                          {FrameOrigin::kLinkRegister, "link-register"},
                                          {FrameOrigin::kScan, "scan"},
                                          {FrameOrigin::kFramePointer, "frame-pointer"},
                                          {FrameOrigin::kEarlierInterrupt, "earlier-interrupt"}});
static_assert(is_whole(kFrameOrigins));
constexpr auto kStackEnds = std::to_array<EnumName<StackEndReason>>({{StackEndReason::kUserMode, "user-mode"},
                                                                     {StackEndReason::kOutermost, "outermost"},
                                                                     {StackEndReason::kNoRegisters, "no-registers"},
                                                                     {StackEndReason::kNoUnwindData, "no-unwind-data"},
                                                                     {StackEndReason::kUnreadable, "unreadable"},
                                                                     {StackEndReason::kNotCode, "not-code"},
                                                                     {StackEndReason::kNoProgress, "no-progress"},
                                                                     {StackEndReason::kTooDeep, "too-deep"},
                                                                     {StackEndReason::kNotWalked, "not-walked"}});
static_assert(is_whole(kStackEnds));
constexpr auto kTaskStates = std::to_array<EnumName<TaskState>>({{TaskState::kRunning, "running"},
                                                                 {TaskState::kInterruptible, "interruptible"},
                                                                 {TaskState::kUninterruptible, "uninterruptible"},
                                                                 {TaskState::kIdle, "idle"},
                                                                 {TaskState::kStopped, "stopped"},
                                                                 {TaskState::kTraced, "traced"},
                                                                 {TaskState::kParked, "parked"},
                                                                 {TaskState::kZombie, "zombie"},
                                                                 {TaskState::kDead, "dead"},
                                                                 {TaskState::kUnknown, "unknown"}});
static_assert(is_whole(kTaskStates));
constexpr auto kCrashKinds =
    std::to_array<EnumName<CrashKind>>({{CrashKind::kPageFault, "page-fault"},
                                        {CrashKind::kProtection, "protection"},
                                        {CrashKind::kInvalidInstruction, "invalid-instruction"},
                                        {CrashKind::kDivide, "divide"},
                                        {CrashKind::kStackOverflow, "stack-overflow"},
                                        {CrashKind::kMachineCheck, "machine-check"},
                                        {CrashKind::kOtherException, "other-exception"},
                                        {CrashKind::kOutOfMemory, "out-of-memory"},
                                        {CrashKind::kStackSmashed, "stack-smashed"},
                                        {CrashKind::kCalled, "called"},
                                        {CrashKind::kHangDetector, "hang-detector"},
                                        {CrashKind::kRequested, "requested"}});
static_assert(is_whole(kCrashKinds));
constexpr auto kIncidentKinds = std::to_array<EnumName<IncidentKind>>(
    {{IncidentKind::kOops, "oops"}, {IncidentKind::kAtomicSleep, "atomic-sleep"}, {IncidentKind::kWarning, "warning"}});
static_assert(is_whole(kIncidentKinds));
constexpr auto kComplaintKinds = std::to_array<EnumName<ComplaintKind>>({{ComplaintKind::kSoftLockup, "soft-lockup"},
                                                                         {ComplaintKind::kHardLockup, "hard-lockup"},
                                                                         {ComplaintKind::kRcuStall, "rcu-stall"},
                                                                         {ComplaintKind::kHungTask, "hung-task"}});
static_assert(is_whole(kComplaintKinds));
constexpr auto kRegisterSources =
    std::to_array<EnumName<RegisterSource>>({{RegisterSource::kCrashNote, "crash-note"},
                                             {RegisterSource::kPrstatus, "prstatus"},
                                             {RegisterSource::kReconstructed, "reconstructed"},
                                             {RegisterSource::kNone, "none"}});
static_assert(is_whole(kRegisterSources));
constexpr auto kContextKinds = std::to_array<EnumName<ContextKind>>({{ContextKind::kTask, "task"},
                                                                     {ContextKind::kSoftirq, "softirq"},
                                                                     {ContextKind::kHardirq, "hardirq"},
                                                                     {ContextKind::kNmi, "nmi"},
                                                                     {ContextKind::kException, "exception"}});
static_assert(is_whole(kContextKinds));
constexpr auto kDumpRoles = std::to_array<EnumName<DumpRole>>({{DumpRole::kNone, "none"},
                                                               {DumpRole::kPanicked, "panicked"},
                                                               {DumpRole::kStoppedForDump, "stopped-for-dump"},
                                                               {DumpRole::kDetecting, "detecting"}});
static_assert(is_whole(kDumpRoles));
constexpr auto kLockModes =
    std::to_array<EnumName<LockMode>>({{LockMode::kShared, "shared"}, {LockMode::kExclusive, "exclusive"}});
static_assert(is_whole(kLockModes));
constexpr auto kFileLockFamilies =
    std::to_array<EnumName<FileLockFamily>>({{FileLockFamily::kFlock, "flock"}, {FileLockFamily::kPosix, "posix"}});
static_assert(is_whole(kFileLockFamilies));
constexpr auto kServerKinds = std::to_array<EnumName<ServerKind>>(
    {{ServerKind::kFuse, "fuse"}, {ServerKind::kRpc, "rpc"}, {ServerKind::kUserfault, "userfault"}});
static_assert(is_whole(kServerKinds));
constexpr auto kFreezeLevels = std::to_array<EnumName<FreezeLevel>>({{FreezeLevel::kNot, "not"},
                                                                     {FreezeLevel::kWriting, "writing"},
                                                                     {FreezeLevel::kPageFaults, "page-faults"},
                                                                     {FreezeLevel::kOwnThreads, "own-threads"},
                                                                     {FreezeLevel::kCompletely, "completely"}});
static_assert(is_whole(kFreezeLevels));
constexpr auto kHolderRoles =
    std::to_array<EnumName<HolderRole>>({{HolderRole::kOwner, "owner"},
                                         {HolderRole::kReader, "reader"},
                                         {HolderRole::kLastHolder, "last-holder"},
                                         {HolderRole::kHandedOver, "handed-over"},
                                         {HolderRole::kSpins, "spinlock-holder"},
                                         {HolderRole::kMustTakePart, "must-take-part"},
                                         {HolderRole::kMustRun, "must-run"},
                                         {HolderRole::kExecutes, "executes"},
                                         {HolderRole::kOccupiesQueue, "occupies-queue"},
                                         {HolderRole::kOccupiesPool, "occupies-pool"},
                                         {HolderRole::kExecutesQueue, "executes-queue"},
                                         {HolderRole::kMustEnd, "must-end"},
                                         {HolderRole::kMustPark, "must-park"},
                                         {HolderRole::kMustMakeThread, "must-make-thread"},
                                         {HolderRole::kVforkChild, "vfork-child"},
                                         {HolderRole::kOwesQuiescentState, "owes-quiescent-state"},
                                         {HolderRole::kRunsReader, "runs-reader"},
                                         {HolderRole::kWasPreemptedReading, "was-preempted-reading"},
                                         {HolderRole::kServes, "serves"},
                                         {HolderRole::kLooksUp, "looks-up"},
                                         {HolderRole::kHasNotBegun, "has-not-begun"},
                                         {HolderRole::kHasNotEnded, "has-not-ended"},
                                         {HolderRole::kOther, "other"}});
static_assert(is_whole(kHolderRoles));
constexpr auto kWaitKinds = std::to_array<EnumName<WaitKind>>({{WaitKind::kSleeps, "sleeps"},
                                                               {WaitKind::kSleepsAtWord, "sleeps-at-word"},
                                                               {WaitKind::kSleepsAtFutexLock, "sleeps-at-futex-lock"},
                                                               {WaitKind::kSleepsForPage, "sleeps-for-page"},
                                                               {WaitKind::kSleepsForPageLock, "sleeps-for-page-lock"},
                                                               {WaitKind::kSleepsForBuffer, "sleeps-for-buffer"},
                                                               {WaitKind::kSleepsUntilThawed, "sleeps-until-thawed"},
                                                               {WaitKind::kSleepsForLookup, "sleeps-for-lookup"},
                                                               {WaitKind::kSleepsForAnswer, "sleeps-for-answer"},
                                                               {WaitKind::kSleepsForCall, "sleeps-for-call"},
                                                               {WaitKind::kAskedForStop, "asked-for-stop"},
                                                               {WaitKind::kWaitsForStopper, "waits-for-stopper"},
                                                               {WaitKind::kSpins, "spins"},
                                                               {WaitKind::kSpinsInStopMachine, "spins-in-stop-machine"},
                                                               {WaitKind::kOther, "other"}});
static_assert(is_whole(kWaitKinds));
constexpr auto kResourceKinds = std::to_array<ResourceKindWords>(
    {{ResourceKind::kStopMachine, "stop-machine", "stop_machine request"},
     {ResourceKind::kStopWork, "stop-work", "stopper work"},
     {ResourceKind::kMutex, "mutex", "mutex", true},
     {ResourceKind::kRwSemaphore, "rw-semaphore", "rw_semaphore", true},
     {ResourceKind::kSemaphore, "semaphore", "semaphore", true},
     {ResourceKind::kPercpuRwSemaphore, "percpu-rw-semaphore", "percpu_rw_semaphore", true},
     {ResourceKind::kRtMutex, "rt-mutex", "rt_mutex", true},
     {ResourceKind::kSpinlock, "spinlock", "spinlock", true},  // tasks: of a real-time kernel
     {ResourceKind::kCompletion, "completion", "completion"},
     {ResourceKind::kWaitQueue, "wait-queue", "wait queue"},
     {ResourceKind::kBitWait, "bit-wait", "bit"},
     {ResourceKind::kIpi, "ipi", "function call to a CPU"},
     {ResourceKind::kRcuGracePeriod, "rcu-grace-period", "RCU grace period"},
     {ResourceKind::kWorkItem, "work-item", "work item"},
     {ResourceKind::kWorkPool, "work-pool", "worker pool"},
     {ResourceKind::kDevice, "device", "device"},
     {ResourceKind::kServer, "server", "server"},
     {ResourceKind::kFutex, "futex", "futex"},
     {ResourceKind::kFileLock, "file-lock", "file lock"}});
static_assert(is_whole(kResourceKinds));

}  // namespace

std::string_view name_of(EvidenceKind value) {
  return enum_name(kEvidenceKinds, value);
}
std::span<const EnumName<EvidenceKind>> words_of(EvidenceKind) {
  return kEvidenceKinds;
}
std::string_view name_of(Certainty value) {
  return enum_name(kCertainties, value);
}
std::span<const EnumName<Certainty>> words_of(Certainty) {
  return kCertainties;
}
std::string_view name_of(LoopYield value) {
  return enum_name(kLoopYields, value);
}
std::span<const EnumName<LoopYield>> words_of(LoopYield) {
  return kLoopYields;
}
std::string_view name_of(BusyWait value) {
  return enum_name(kBusyWaits, value);
}
std::span<const EnumName<BusyWait>> words_of(BusyWait) {
  return kBusyWaits;
}
std::string_view name_of(NodeKind value) {
  return enum_name(kNodeKinds, value);
}
std::span<const EnumName<NodeKind>> words_of(NodeKind) {
  return kNodeKinds;
}
std::string_view name_of(FrameOrigin value) {
  return enum_name(kFrameOrigins, value);
}
std::span<const EnumName<FrameOrigin>> words_of(FrameOrigin) {
  return kFrameOrigins;
}
std::string_view name_of(StackEndReason value) {
  return enum_name(kStackEnds, value);
}
std::span<const EnumName<StackEndReason>> words_of(StackEndReason) {
  return kStackEnds;
}
std::string_view name_of(TaskState value) {
  return enum_name(kTaskStates, value);
}
std::span<const EnumName<TaskState>> words_of(TaskState) {
  return kTaskStates;
}
std::string_view name_of(CrashKind value) {
  return enum_name(kCrashKinds, value);
}
std::span<const EnumName<CrashKind>> words_of(CrashKind) {
  return kCrashKinds;
}
std::string_view name_of(IncidentKind value) {
  return enum_name(kIncidentKinds, value);
}
std::span<const EnumName<IncidentKind>> words_of(IncidentKind) {
  return kIncidentKinds;
}
std::string_view name_of(ComplaintKind value) {
  return enum_name(kComplaintKinds, value);
}
std::span<const EnumName<ComplaintKind>> words_of(ComplaintKind) {
  return kComplaintKinds;
}
std::string_view name_of(RegisterSource value) {
  return enum_name(kRegisterSources, value);
}
std::span<const EnumName<RegisterSource>> words_of(RegisterSource) {
  return kRegisterSources;
}
std::string_view name_of(ContextKind value) {
  return enum_name(kContextKinds, value);
}
std::span<const EnumName<ContextKind>> words_of(ContextKind) {
  return kContextKinds;
}
std::string_view name_of(DumpRole value) {
  return enum_name(kDumpRoles, value);
}
std::span<const EnumName<DumpRole>> words_of(DumpRole) {
  return kDumpRoles;
}
std::string_view name_of(LockMode value) {
  return enum_name(kLockModes, value);
}
std::span<const EnumName<LockMode>> words_of(LockMode) {
  return kLockModes;
}
std::string_view name_of(FileLockFamily value) {
  return enum_name(kFileLockFamilies, value);
}
std::span<const EnumName<FileLockFamily>> words_of(FileLockFamily) {
  return kFileLockFamilies;
}
std::string_view name_of(ServerKind value) {
  return enum_name(kServerKinds, value);
}
std::span<const EnumName<ServerKind>> words_of(ServerKind) {
  return kServerKinds;
}
std::string_view name_of(FreezeLevel value) {
  return enum_name(kFreezeLevels, value);
}
std::span<const EnumName<FreezeLevel>> words_of(FreezeLevel) {
  return kFreezeLevels;
}
std::string_view name_of(HolderRole value) {
  return enum_name(kHolderRoles, value);
}
std::span<const EnumName<HolderRole>> words_of(HolderRole) {
  return kHolderRoles;
}
std::string_view name_of(WaitKind value) {
  return enum_name(kWaitKinds, value);
}
std::span<const EnumName<WaitKind>> words_of(WaitKind) {
  return kWaitKinds;
}
std::string_view name_of(ResourceKind value) {
  return enum_name(kResourceKinds, value);
}
std::span<const ResourceKindWords> words_of(ResourceKind) {
  return kResourceKinds;
}
bool is_lock(ResourceKind kind) {
  return std::ranges::any_of(kResourceKinds, [&](const auto& row) { return row.value == kind && row.is_lock; });
}

}  // namespace whyhung::model
