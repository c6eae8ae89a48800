// SPDX-License-Identifier: GPL-2.0-or-later
// What a printed stack says of its task: where it sleeps and for what kind of thing, or what its CPU does. Only
// function names are there to go by; the tables of sleep_table.cc are what is known of them.
#pragma once

#include <string_view>
#include <vector>

#include "log/events.h"

namespace whyhung::log {

enum class SleepKind : std::uint8_t {
  kUnknown,  // sleeps, and the functions say nothing
  kMutex,
  kRwSemaphore,
  kSemaphore,
  kPercpuRwSemaphore,
  kRtMutex,
  kRangeLock,  // a lock of a file system's own making
  kFrozenFileSystem,
  kJournal,    // for others to end their part of a transaction, or for the log
  kFlushWork,  // until a work item has ended
  kThreadEnd,  // until a kernel thread has ended
  kGracePeriod,
  kStopMachine,
  kAsync,      // until asynchronous probing has ended
  kWriteback,  // until others have written
  kDirtyThrottle,
  kPage,     // a page is locked or being written
  kBlockIo,  // a request, bio, buffer or tag of the block layer
  kUsb,
  kGraphics,  // a fence of a graphics processor
  kNfs,
  kSmb,
  kFuse,
  kCeph,
  kPlan9,
  kReclaimThrottle,
  kNetDevice,  // until the last user of a network device has gone
  kCompletion,
  kNap,           // sleeps for a set time and goes on
  kWaitsForWork,  // ordinary: poll, wait4, an idle worker, a timer
};

struct Sleep {
  SleepKind kind = SleepKind::kUnknown;
  std::string_view function;  // that waits: "__mutex_lock", "request_wait_answer"
  std::string_view site;      // who called it: the first function that is not part of the waiting itself
  std::string_view module;    // of the site
  bool unsure = false;        // rests on an entry that the kernel itself doubts
  bool in_reclaim = false;    // on the way to free memory
  std::string_view reclaim_site;
  std::uint64_t line = 0;
};

bool is_lock(SleepKind kind);
// Behind such a wait stands somebody else of the same machine, and never the device or server itself.
bool waits_for_others(SleepKind kind);
bool is_server(SleepKind kind);
// For a disk, a page or a journal: what tasks of a busy machine do for a moment.
bool is_short_wait(SleepKind kind);

// Nothing for a stack without entries.
std::optional<Sleep> sleep_of(const Dump& dump);

// What a running CPU does, with the detector's own functions cut off.
enum class ActivityKind : std::uint8_t {
  kUnknown,
  kIdle,
  kUserMode,
  kCode,
  kSpins,        // for a spinlock
  kWaitsForCpu,  // for an answer to a function call
  kStopped,      // in multi_cpu_stop, for the other CPUs
  kPrints,       // writes to a console
  kFirmware,     // outside of the kernel: secure world, hypervisor call
};

struct Activity {
  ActivityKind kind = ActivityKind::kUnknown;
  std::vector<const Frame*> frames;  // innermost first, sure ones; all of them where none is sure
  std::string_view function;         // innermost that says something
  std::string_view module;
  std::string_view site;  // who spins, calls, prints
  bool unsure = false;
  // It runs in an interrupt handler, a softirq or a timer: whoever was interrupted has nothing to do with it. Of
  // `frames` only the first so many are the handler's.
  bool in_interrupt = false;
  bool in_softirq = false;
  std::size_t of_interrupt = 0;
  std::uint64_t line = 0;
};

Activity activity_of(const Dump& dump);

// Functions that carry no meaning on a stack: helpers, entries, the scheduler's, the detectors'.
bool is_helper(std::string_view function);
bool has_function(const Dump& dump, std::string_view function);

}  // namespace whyhung::log
