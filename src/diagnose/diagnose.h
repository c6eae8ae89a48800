// SPDX-License-Identifier: GPL-2.0-or-later
// From a snapshot to a verdict. Pure: the same snapshot gives the same diagnosis, and nothing here has ever seen a
// dump.
#pragma once

#include <vector>

#include "diagnose/accounting.h"
#include "diagnose/finding.h"
#include "diagnose/liveness.h"
#include "model/index.h"

namespace whyhung::diagnose {

// Why there is no certain answer, or what speaks against "no hang".
enum class Doubt : std::uint8_t {
  kNothingReadable,    // the machine's inside could not be read at all
  kCpusUnknown,        // of some CPUs it is not known what they did
  kLockupUnexplained,  // a CPU was stuck by the kernel's own measure, and no detector explains it
  kDetectorFired,      // the kernel panicked because it saw a hang that is not explained here
  kWaitsUnending,      // tasks have waited for something known for longer than that, and its queue does not move
  kWaitsUnread,        // a task sleeps in a function for what is read from its stack as a rule, and here was not
  kNoClock,            // no clock of the machine could be read: nothing tells how long anything has stood
  kTasksUnexplained,   // tasks have been uninterruptible for longer than the kernel's own patience
  kOthersUnlisted,     // such a wait ends at a task that sleeps until others have done their part, and who is not noted
  kCpuWaitsUnexplained,  // a CPU waits for another CPU, and why is not known
};
std::string_view name_of(Doubt doubt);
std::span<const EnumName<Doubt>> words_of(Doubt);

// The oldest wait for a resource whose queue does not move.
struct UnendingWait {
  std::uint64_t task = 0;
  std::uint64_t resource = 0;
  std::uint64_t age = 0;  // ns
};

// A task that sleeps until others unknown have done their part, and in which function.
struct UnlistedWait {
  std::uint64_t task = 0;
  std::string function;
};

struct Diagnosis {
  HangClass verdict = HangClass::kUndetermined;
  model::Certainty confidence = model::Certainty::kPossible;
  std::vector<Finding> findings;             // ranked: the first is the verdict's
  std::vector<Doubt> doubts;                 // only for kUndetermined
  std::vector<std::uint32_t> doubtful_cpus;  // stuck, and not explained
  std::vector<std::uint32_t> unknown_cpus;   // of which it is not known what they did
  std::vector<UnendingWait> unending;        // longest first
  std::vector<UnlistedWait> unlisted;        // in the snapshot's order
  std::vector<UnlistedWait> unread;          // in the snapshot's order; no function: its stack could not be read
  Accounting accounting;
  std::vector<CpuLiveness> liveness;  // in the order of Snapshot::cpus
};

Diagnosis diagnose(const model::Index& index);
Diagnosis diagnose(const model::Snapshot& snapshot);

}  // namespace whyhung::diagnose
