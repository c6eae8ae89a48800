// SPDX-License-Identifier: GPL-2.0-or-later
// What went wrong in the kernel before the dump, as its own log tells: only a witness, whom memory confirms or refutes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_names.h"

namespace whyhung::model {

enum class IncidentKind : std::uint8_t {
  kOops,         // an exception that the kernel survived by ending the task
  kAtomicSleep,  // "scheduling while atomic": a task slept with a spinlock held or preemption disabled
  kWarning,
};

struct Incident {
  IncidentKind kind = IncidentKind::kOops;
  std::uint64_t time = 0;  // ns since boot
  std::string text;        // its first line, raw
  std::optional<std::uint32_t> cpu;
  std::optional<std::uint32_t> pid;
  std::string comm;
  std::string function;  // where it happened; empty: not told
  std::string module;
  std::vector<std::uint64_t> words;  // kernel addresses that its registers held
  bool operator==(const Incident&) const = default;
};

// What a detector of the kernel wrote to the log when it saw a hang.
enum class ComplaintKind : std::uint8_t { kSoftLockup, kHardLockup, kRcuStall, kHungTask };

struct Complaint {
  ComplaintKind kind = ComplaintKind::kSoftLockup;
  std::uint64_t time = 0;            // ns since boot
  std::optional<std::uint32_t> cpu;  // that it complains of
  std::optional<std::uint32_t> pid;
  std::string comm;
  bool operator==(const Complaint&) const = default;
};

std::string_view name_of(IncidentKind kind);
std::span<const EnumName<IncidentKind>> words_of(IncidentKind);
std::string_view name_of(ComplaintKind kind);
std::span<const EnumName<ComplaintKind>> words_of(ComplaintKind);

}  // namespace whyhung::model
