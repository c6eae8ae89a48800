// SPDX-License-Identifier: GPL-2.0-or-later
// The words for the enums of the model, as they stand in JSON: one table each.
#include "base/enum_names.h"
#include "model/snapshot.h"

namespace whyhung::model {
namespace {

constexpr EnumNames<EvidenceKind, 7> kEvidenceKinds = {{{EvidenceKind::kField, "field"},
                                                        {EvidenceKind::kList, "list"},
                                                        {EvidenceKind::kFrame, "frame"},
                                                        {EvidenceKind::kRegister, "register"},
                                                        {EvidenceKind::kCode, "code"},
                                                        {EvidenceKind::kLog, "log"},
                                                        {EvidenceKind::kInference, "inference"}}};
constexpr EnumNames<Certainty, 3> kCertainties = {
    {{Certainty::kCertain, "certain"}, {Certainty::kLikely, "likely"}, {Certainty::kPossible, "possible"}}};
constexpr EnumNames<FrameOrigin, 7> kFrameOrigins = {{{FrameOrigin::kRegisters, "registers"},
                                                      {FrameOrigin::kCall, "call"},
                                                      {FrameOrigin::kException, "exception"},
                                                      {FrameOrigin::kLinkRegister, "link-register"},
                                                      {FrameOrigin::kScan, "scan"},
                                                      {FrameOrigin::kFramePointer, "frame-pointer"},
                                                      {FrameOrigin::kEarlierInterrupt, "earlier-interrupt"}}};
constexpr EnumNames<StackEndReason, 9> kStackEnds = {{{StackEndReason::kUserMode, "user-mode"},
                                                      {StackEndReason::kOutermost, "outermost"},
                                                      {StackEndReason::kNoRegisters, "no-registers"},
                                                      {StackEndReason::kNoUnwindData, "no-unwind-data"},
                                                      {StackEndReason::kUnreadable, "unreadable"},
                                                      {StackEndReason::kNotCode, "not-code"},
                                                      {StackEndReason::kNoProgress, "no-progress"},
                                                      {StackEndReason::kTooDeep, "too-deep"},
                                                      {StackEndReason::kNotWalked, "not-walked"}}};
constexpr EnumNames<TaskState, 10> kTaskStates = {{{TaskState::kRunning, "running"},
                                                   {TaskState::kInterruptible, "interruptible"},
                                                   {TaskState::kUninterruptible, "uninterruptible"},
                                                   {TaskState::kIdle, "idle"},
                                                   {TaskState::kStopped, "stopped"},
                                                   {TaskState::kTraced, "traced"},
                                                   {TaskState::kParked, "parked"},
                                                   {TaskState::kZombie, "zombie"},
                                                   {TaskState::kDead, "dead"},
                                                   {TaskState::kUnknown, "unknown"}}};
constexpr EnumNames<RegisterSource, 4> kRegisterSources = {{{RegisterSource::kCrashNote, "crash-note"},
                                                            {RegisterSource::kPrstatus, "prstatus"},
                                                            {RegisterSource::kReconstructed, "reconstructed"},
                                                            {RegisterSource::kNone, "none"}}};
constexpr EnumNames<ContextKind, 5> kContextKinds = {{{ContextKind::kTask, "task"},
                                                      {ContextKind::kSoftirq, "softirq"},
                                                      {ContextKind::kHardirq, "hardirq"},
                                                      {ContextKind::kNmi, "nmi"},
                                                      {ContextKind::kException, "exception"}}};
constexpr EnumNames<DumpRole, 4> kDumpRoles = {{{DumpRole::kNone, "none"},
                                                {DumpRole::kPanicked, "panicked"},
                                                {DumpRole::kStoppedForDump, "stopped-for-dump"},
                                                {DumpRole::kDetecting, "detecting"}}};
constexpr EnumNames<LoopYield, 3> kLoopYields = {
    {{LoopYield::kNever, "never"}, {LoopYield::kUnknown, "unknown"}, {LoopYield::kMay, "may"}}};
constexpr EnumNames<NodeKind, 3> kNodeKinds = {
    {{NodeKind::kTask, "task"}, {NodeKind::kCpu, "cpu"}, {NodeKind::kResource, "resource"}}};
constexpr EnumNames<ResourceKind, 23> kResourceKinds = {{{ResourceKind::kStopMachine, "stop-machine"},
                                                         {ResourceKind::kStopWork, "stop-work"},
                                                         {ResourceKind::kMutex, "mutex"},
                                                         {ResourceKind::kRwSemaphore, "rw-semaphore"},
                                                         {ResourceKind::kSemaphore, "semaphore"},
                                                         {ResourceKind::kPercpuRwSemaphore, "percpu-rw-semaphore"},
                                                         {ResourceKind::kRtMutex, "rt-mutex"},
                                                         {ResourceKind::kSpinlock, "spinlock"},
                                                         {ResourceKind::kCompletion, "completion"},
                                                         {ResourceKind::kWaitQueue, "wait-queue"},
                                                         {ResourceKind::kBitWait, "bit-wait"},
                                                         {ResourceKind::kIpi, "ipi"},
                                                         {ResourceKind::kRcuGracePeriod, "rcu-grace-period"},
                                                         {ResourceKind::kWorkItem, "work-item"},
                                                         {ResourceKind::kWorkPool, "work-pool"},
                                                         {ResourceKind::kBlockRequest, "block-request"},
                                                         {ResourceKind::kDevice, "device"},
                                                         {ResourceKind::kServer, "server"},
                                                         {ResourceKind::kFutex, "futex"},
                                                         {ResourceKind::kFileLock, "file-lock"},
                                                         {ResourceKind::kPeer, "peer"},
                                                         {ResourceKind::kFreeze, "freeze"},
                                                         {ResourceKind::kMemory, "memory"}}};

}  // namespace

std::string_view name_of(EvidenceKind kind) {
  return enum_name(kEvidenceKinds, kind);
}
std::string_view name_of(Certainty certainty) {
  return enum_name(kCertainties, certainty);
}
std::string_view name_of(FrameOrigin origin) {
  return enum_name(kFrameOrigins, origin);
}
std::string_view name_of(StackEndReason reason) {
  return enum_name(kStackEnds, reason);
}
std::string_view name_of(TaskState state) {
  return enum_name(kTaskStates, state);
}
std::string_view name_of(RegisterSource source) {
  return enum_name(kRegisterSources, source);
}
std::string_view name_of(ContextKind kind) {
  return enum_name(kContextKinds, kind);
}
std::string_view name_of(DumpRole role) {
  return enum_name(kDumpRoles, role);
}
std::string_view name_of(LoopYield yield) {
  return enum_name(kLoopYields, yield);
}
std::string_view name_of(NodeKind kind) {
  return enum_name(kNodeKinds, kind);
}
std::string_view name_of(ResourceKind kind) {
  return enum_name(kResourceKinds, kind);
}

std::optional<EvidenceKind> evidence_kind_of(std::string_view name) {
  return enum_value(kEvidenceKinds, name);
}
std::optional<Certainty> certainty_of(std::string_view name) {
  return enum_value(kCertainties, name);
}
std::optional<FrameOrigin> frame_origin_of(std::string_view name) {
  return enum_value(kFrameOrigins, name);
}
std::optional<StackEndReason> stack_end_reason_of(std::string_view name) {
  return enum_value(kStackEnds, name);
}
std::optional<TaskState> task_state_of(std::string_view name) {
  return enum_value(kTaskStates, name);
}
std::optional<RegisterSource> register_source_of(std::string_view name) {
  return enum_value(kRegisterSources, name);
}
std::optional<ContextKind> context_kind_of(std::string_view name) {
  return enum_value(kContextKinds, name);
}
std::optional<DumpRole> dump_role_of(std::string_view name) {
  return enum_value(kDumpRoles, name);
}
std::optional<LoopYield> loop_yield_of(std::string_view name) {
  return enum_value(kLoopYields, name);
}
std::optional<NodeKind> node_kind_of(std::string_view name) {
  return enum_value(kNodeKinds, name);
}
std::optional<ResourceKind> resource_kind_of(std::string_view name) {
  return enum_value(kResourceKinds, name);
}

}  // namespace whyhung::model
