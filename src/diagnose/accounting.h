// SPDX-License-Identifier: GPL-2.0-or-later
// Accounting: every task and every CPU ends in exactly one bucket, and the totals are the counts. What is not explained
// is counted as unexplained, not dropped.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "diagnose/detector.h"

namespace whyhung::diagnose {

enum class TaskBucket : std::uint8_t {
  kRunning,        // on a CPU
  kWaitsForCpu,    // runnable, not running
  kExplainedWait,  // a wait of the snapshot says for what
  kNormalSleep,    // interruptible, idle or parked: waits for work
  kStopped,        // by a signal or a tracer
  kExited,         // zombie or dead
  kUnexplained,    // uninterruptible, or in a state that is not known
};
std::string_view name_of(TaskBucket bucket);
std::span<const EnumName<TaskBucket>> words_of(TaskBucket);

enum class CpuBucket : std::uint8_t { kCulprit, kVictim, kIdle, kWorking, kOffline, kUnknown };
std::string_view name_of(CpuBucket bucket);
std::span<const EnumName<CpuBucket>> words_of(CpuBucket);

struct Unexplained {
  std::uint64_t task = 0;
  std::optional<std::uint64_t> since;  // ns for which it has not run
};

struct Accounting {
  std::map<TaskBucket, std::size_t> tasks;  // every bucket, also the empty ones
  std::map<CpuBucket, std::size_t> cpus;
  std::vector<TaskBucket> task_buckets;  // in the order of Snapshot::tasks
  std::vector<CpuBucket> cpu_buckets;    // in the order of Snapshot::cpus
  std::vector<Unexplained> unexplained;  // longest first
};

Accounting account(const Case& facts, const std::vector<Finding>& findings);

}  // namespace whyhung::diagnose
