// SPDX-License-Identifier: GPL-2.0-or-later
// Evidence: what a statement rests on, in a form that a person can check with any debugger.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_names.h"

namespace whyhung::model {

enum class EvidenceKind : std::uint8_t {
  kField,      // a member of a structure in memory: what = "multi_stop_data.thread_ack"
  kList,       // membership in a list of the kernel
  kFrame,      // a function on a stack
  kRegister,   // a saved register
  kCode,       // instructions
  kLog,        // a line of the kernel's log
  kInference,  // follows from the other evidence: what says how
};

struct Evidence {
  EvidenceKind kind = EvidenceKind::kField;
  std::string what;
  std::optional<std::uint64_t> address;  // where it was read
  std::string value;                     // as read, raw
  bool operator==(const Evidence&) const = default;
};

// How sure a statement is. kCertain: independent sources agree, or the kernel's own record says so.
enum class Certainty : std::uint8_t { kCertain, kLikely, kPossible };

std::string_view name_of(EvidenceKind kind);
std::string_view name_of(Certainty certainty);
std::span<const EnumName<EvidenceKind>> words_of(EvidenceKind);
std::span<const EnumName<Certainty>> words_of(Certainty);

// The weaker of two.
inline Certainty weaker(Certainty a, Certainty b) {
  return a < b ? b : a;
}

}  // namespace whyhung::model
