// SPDX-License-Identifier: GPL-2.0-or-later
// The facts of one boot's log, joined: each task with all that was said of it, and who is said to wait for whom.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "log/sleep.h"

namespace whyhung::log {

// Who holds what a task waits for, and how that is known.
enum class Source : std::uint8_t {
  kKernel,     // hung_task names the holder
  kLockList,   // lockdep's list: held by exactly one that does not wait for it
  kSplat,      // an order that lockdep found wrong, and both tasks stand at its places
  kSemaphore,  // the last that took it: may have gone on
  kPosition,   // the only other task inside of the function that takes the lock
  kFlush,      // waits for a work; the only worker that runs one of the same driver
};

struct Edge {
  std::uint32_t to = 0;
  Source source = Source::kKernel;
  SleepKind lock = SleepKind::kMutex;
  std::uint64_t line = 0;
  std::string_view text;
};

struct Subject {
  std::uint32_t pid = 0;
  std::string_view comm;
  std::vector<std::size_t> dumps;
  std::optional<std::size_t> last;  // newest stack with entries
  std::optional<Sleep> sleep;
  std::optional<Activity> activity;  // of one that runs
  std::size_t reports = 0;           // of hung_task
  std::uint64_t seconds = 0;         // of the newest
  std::uint64_t first_line = 0;
  std::optional<double> onset;  // time of a report minus the age that it states, the earliest
  bool is_kernel_thread = false;
  bool is_stuck = false;  // a detector or the freezer complains about it, or it was listed as blocked
  bool named = false;     // as a holder
  std::optional<Edge> edge;
};

struct Case {
  const Events* events = nullptr;
  std::span<const Record> records;
  std::map<std::uint32_t, Subject> subjects;  // by pid
  std::optional<double> first_onset;
  std::optional<double> last_sign;  // time of the newest complaint
  std::optional<double> end;        // time of the last record
  bool guest = false;               // under a hypervisor
  bool lost_lines = false;
  bool disordered = false;  // the lines are not in their order: which belong together is not known

  const Subject* subject(std::uint32_t pid) const;
  const Dump* dump_of(const Subject& subject) const;
};

inline void keep_earlier(std::optional<double>& known, std::optional<double> other) {
  if (other && (!known || *other < *known)) known = other;
}
inline void keep_later(std::optional<double>& known, std::optional<double> other) {
  if (other && (!known || *other > *known)) known = other;
}

Case make_case(const Events& events, std::span<const Record> records);

}  // namespace whyhung::log
