// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/meaning.h"

namespace whyhung::names {
namespace {

constexpr auto kMeanings =
    std::to_array<EnumName<Meaning>>({{Meaning::kEntersNmi, "enters-nmi"},
                                      {Meaning::kEntersHardirq, "enters-hardirq"},
                                      {Meaning::kEntersException, "enters-exception"},
                                      {Meaning::kEntersSystemCall, "enters-system-call"},
                                      {Meaning::kJustEntering, "just-entering"},
                                      {Meaning::kRunsSoftirqs, "runs-softirqs"},
                                      {Meaning::kPanics, "panics"},
                                      {Meaning::kStopsForDump, "stops-for-dump"},
                                      {Meaning::kServesStopIpi, "serves-stop-ipi"},
                                      {Meaning::kDetectsHang, "detects-hang"},
                                      {Meaning::kReportsHang, "reports-hang"},
                                      {Meaning::kRequestsCrash, "requests-crash"},
                                      {Meaning::kRunsOutOfMemory, "runs-out-of-memory"},
                                      {Meaning::kFindsStackSmashed, "finds-stack-smashed"},
                                      {Meaning::kHandlesPageFault, "handles-page-fault"},
                                      {Meaning::kHandlesProtection, "handles-protection"},
                                      {Meaning::kHandlesBadInstruction, "handles-bad-instruction"},
                                      {Meaning::kHandlesDivide, "handles-divide"},
                                      {Meaning::kHandlesStackOverflow, "handles-stack-overflow"},
                                      {Meaning::kHandlesMachineCheck, "handles-machine-check"},
                                      {Meaning::kDies, "dies"},
                                      {Meaning::kServesCaller, "serves-caller"},
                                      {Meaning::kSpinsInStopMachine, "spins-in-stop-machine"},
                                      {Meaning::kSpinsForIpi, "spins-for-ipi"},
                                      {Meaning::kSpinsForLock, "spins-for-lock"},
                                      {Meaning::kSpinsForOwner, "spins-for-owner"},
                                      {Meaning::kSpinsForConsole, "spins-for-console"},
                                      {Meaning::kSpinsForCallback, "spins-for-callback"},
                                      {Meaning::kSpinLockCode, "spin-lock-code"},
                                      {Meaning::kYields, "yields"},
                                      {Meaning::kWaits, "waits"},
                                      {Meaning::kSleepsForTime, "sleeps-for-time"},
                                      {Meaning::kPreempts, "preempts"},
                                      {Meaning::kFreezes, "freezes"},
                                      {Meaning::kStartsThread, "starts-thread"},
                                      {Meaning::kPrecedesThread, "precedes-thread"},
                                      {Meaning::kReturnThunk, "return-thunk"},
                                      {Meaning::kReclaims, "reclaims"},
                                      {Meaning::kPausesReclaim, "pauses-reclaim"},
                                      {Meaning::kWaitsForIo, "waits-for-io"},
                                      {Meaning::kWaitsForMutex, "waits-for-mutex"},
                                      {Meaning::kWaitsForRwSemaphore, "waits-for-rw-semaphore"},
                                      {Meaning::kWaitsForSemaphore, "waits-for-semaphore"},
                                      {Meaning::kWaitsForCompletion, "waits-for-completion"},
                                      {Meaning::kWaitsForRtMutex, "waits-for-rt-mutex"},
                                      {Meaning::kWaitsForFileLock, "waits-for-file-lock"},
                                      {Meaning::kWaitsForFutex, "waits-for-futex"},
                                      {Meaning::kWaitsForFuse, "waits-for-fuse"},
                                      {Meaning::kWaitsForUserfault, "waits-for-userfault"},
                                      {Meaning::kWaitsForRpc, "waits-for-rpc"},
                                      {Meaning::kWaitsForLookup, "waits-for-lookup"},
                                      {Meaning::kWaitsForPage, "waits-for-page"},
                                      {Meaning::kWaitsForBuffer, "waits-for-buffer"},
                                      {Meaning::kWaitsForThaw, "waits-for-thaw"},
                                      {Meaning::kSleepingLockCode, "sleeping-lock-code"},
                                      {Meaning::kCompletionCode, "completion-code"},
                                      {Meaning::kRtMutexCode, "rt-mutex-code"},
                                      {Meaning::kParksThread, "parks-thread"},
                                      {Meaning::kMakesThread, "makes-thread"},
                                      {Meaning::kChangesCpu, "changes-cpu"},
                                      {Meaning::kWaitsForVfork, "waits-for-vfork"},
                                      {Meaning::kFlushesQueue, "flushes-queue"},
                                      {Meaning::kFlushesWork, "flushes-work"},
                                      {Meaning::kWaitsForGracePeriod, "waits-for-grace-period"},
                                      {Meaning::kWaitsForTasksRcu, "waits-for-tasks-rcu"},
                                      {Meaning::kWaitsForUnlisted, "waits-for-unlisted"},
                                      {Meaning::kEndsByItself, "ends-by-itself"},
                                      {Meaning::kLocksPiFutex, "locks-pi-futex"},
                                      {Meaning::kAsksForStopMachine, "asks-for-stop-machine"},
                                      {Meaning::kMultiCpuStop, "multi-cpu-stop"},
                                      {Meaning::kServesFuse, "serves-fuse"}});
static_assert(is_whole(kMeanings));
static_assert(kMeanings.size() <= 128, "Meanings has two words");

}  // namespace

std::string_view name_of(Meaning meaning) {
  return enum_name(kMeanings, meaning);
}
std::span<const EnumName<Meaning>> words_of(Meaning) {
  return kMeanings;
}

}  // namespace whyhung::names
