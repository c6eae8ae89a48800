// SPDX-License-Identifier: GPL-2.0-or-later
// What a function of the kernel means on a stack. Frames carry these marks across the waist, so that nothing above it
// asks for a function by its name.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/enum_names.h"

namespace whyhung::names {

enum class Meaning : std::uint8_t {
  // Entry code: what the kernel was entered for.
  kEntersNmi,
  kEntersHardirq,
  kEntersException,
  kEntersSystemCall,
  kJustEntering,  // the first instructions, before anything is saved
  kRunsSoftirqs,  // the loop over them
  // Code of a panic, a dump, a detector.
  kPanics,
  kStopsForDump,   // this CPU is stopped because another one panicked
  kServesStopIpi,  // serves all IPIs, the one that stops a CPU among them
  kDetectsHang,    // reports from the timer interrupt of the very CPU that hangs
  // Why the kernel panics.
  kReportsHang,    // a detector of hangs, whichever CPU it runs on
  kRequestsCrash,  // sysrq, an NMI from outside
  kRunsOutOfMemory,
  kFindsStackSmashed,
  kHandlesPageFault,
  kHandlesProtection,
  kHandlesBadInstruction,  // BUG() among them
  kHandlesDivide,
  kHandlesStackOverflow,
  kHandlesMachineCheck,
  kDies,          // between the cause and panic(), and after
  kServesCaller,  // does what its caller tells it, with what its caller gives it: a fault in it is its caller's
  // Loops in which the kernel waits for another CPU with its own CPU held.
  kSpinsInStopMachine,
  kSpinsForIpi,
  kSpinsForLock,
  kSpinsForOwner,  // of a sleeping lock, which runs
  kSpinsForConsole,
  kSpinsForCallback,  // of a timer, until it has come to its end
  kSpinLockCode,      // around the loop that spins for a lock
  // The scheduler and threads.
  kYields,          // calling it gives others a chance to run
  kWaits,           // stands between a sleep and the code that asked for something
  kSleepsForTime,   // until a time has come, and for nothing else
  kPreempts,        // a task at the end of an interrupt
  kFreezes,         // keeps a task until it is thawed
  kStartsThread,    // calls a kernel thread's own function
  kPrecedesThread,  // is called by the same before that
  kReturnThunk,     // a return in disguise
  // Memory and devices.
  kReclaims,
  kPausesReclaim,  // by a time limit, or until kswapd gets on
  kWaitsForIo,     // the block layer's own sleep
  // Functions that sleep for something which can be found from their stack.
  kWaitsForMutex,
  kWaitsForRwSemaphore,
  kWaitsForSemaphore,
  kWaitsForCompletion,
  kWaitsForRtMutex,
  kWaitsForFileLock,
  kWaitsForFutex,
  kWaitsForFuse,
  kWaitsForUserfault,
  kWaitsForRpc,
  kWaitsForLookup,
  kWaitsForPage,
  kWaitsForBuffer,
  kWaitsForThaw,
  // Code of the same kind around them, not yet that which wanted something.
  kSleepingLockCode,
  kCompletionCode,
  kRtMutexCode,
  // Why somebody waits for a completion, told by who called.
  kParksThread,
  kMakesThread,
  kChangesCpu,     // brings a CPU up or takes it down
  kWaitsForVfork,  // until the child executes a program or exits
  kFlushesQueue,
  kFlushesWork,
  kWaitsForGracePeriod,
  kWaitsForTasksRcu,  // RCU of another kind, with grace periods of its own
  kWaitsForUnlisted,  // until others have left or done their part, and nothing notes who they are
  kEndsByItself,      // a timeout ends it, or hardware or user space do
  kLocksPiFutex,
  // stop_machine.
  kAsksForStopMachine,  // a multi_stop_data lies in its frame
  kMultiCpuStop,        // what the stoppers run
  kServesFuse,          // reads requests
};
std::string_view name_of(Meaning meaning);
std::span<const EnumName<Meaning>> words_of(Meaning);

// A set of them.
class Meanings {
 public:
  constexpr Meanings() = default;
  constexpr bool has(Meaning meaning) const { return (words_[word(meaning)] & bit(meaning)) != 0; }
  constexpr void add(Meaning meaning) { words_[word(meaning)] |= bit(meaning); }
  constexpr bool empty() const { return words_ == std::array<std::uint64_t, 2>{}; }
  bool operator==(const Meanings&) const = default;

 private:
  static constexpr std::size_t word(Meaning meaning) { return static_cast<std::size_t>(meaning) / 64; }
  static constexpr std::uint64_t bit(Meaning meaning) {
    return std::uint64_t{1} << (static_cast<std::size_t>(meaning) % 64);
  }
  std::array<std::uint64_t, 2> words_{};
};

}  // namespace whyhung::names
