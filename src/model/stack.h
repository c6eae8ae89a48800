// SPDX-License-Identifier: GPL-2.0-or-later
// Stacks as plain values. Code locations are shared by all stacks of a snapshot: twenty thousand sleeping tasks stand
// at some fifty places.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_names.h"
#include "names/meaning.h"

namespace whyhung::model {

struct SourceLine {
  std::string function;  // for an inlined call: the inlined function
  std::string file;
  std::uint32_t line = 0;
  bool operator==(const SourceLine&) const = default;
};

// A place in code. Without a symbol `function` is empty.
struct CodeLocation {
  std::uint64_t address = 0;
  std::string function;
  std::uint64_t offset = 0;       // from the function's start to `address`
  std::string module;             // empty: the kernel itself
  std::vector<SourceLine> lines;  // innermost first; empty without debuginfo
  names::Meanings meanings;       // of the function, on this machine
  bool operator==(const CodeLocation&) const = default;
};

enum class FrameOrigin : std::uint8_t {
  kRegisters,
  kCall,
  kException,
  kLinkRegister,
  kScan,
  kFramePointer,
  kEarlierInterrupt
};
// The frame's address is an instruction itself, not the one behind a call.
constexpr bool is_exact(FrameOrigin origin) {
  return origin == FrameOrigin::kRegisters || origin == FrameOrigin::kException ||
         origin == FrameOrigin::kEarlierInterrupt;
}

struct StackFrame {
  std::uint32_t location = 0;  // index into Snapshot::locations
  FrameOrigin origin = FrameOrigin::kCall;
  std::uint64_t sp = 0;
  bool operator==(const StackFrame&) const = default;
};

struct RegisterValue {
  std::string name;
  std::uint64_t value = 0;
  bool operator==(const RegisterValue&) const = default;
};

// Registers that belong to the frame at `frame` (an index into StackTrace::frames); an index one past the last frame
// means the registers of user mode below the stack.
struct FrameRegisters {
  std::uint32_t frame = 0;
  std::optional<std::uint64_t> saved_at;
  std::vector<RegisterValue> values;
  bool operator==(const FrameRegisters&) const = default;
};

enum class StackEndReason : std::uint8_t {
  kUserMode,
  kOutermost,
  kNoRegisters,
  kNoUnwindData,
  kUnreadable,
  kNotCode,
  kNoProgress,
  kTooDeep,
  kNotWalked
};

struct StackTrace {
  std::vector<StackFrame> frames;  // innermost first
  StackEndReason end = StackEndReason::kNotWalked;
  std::string end_detail;
  std::vector<FrameRegisters> registers;
  bool operator==(const StackTrace&) const = default;
};

std::string_view name_of(FrameOrigin origin);
std::string_view name_of(StackEndReason reason);
std::span<const EnumName<FrameOrigin>> words_of(FrameOrigin);
std::span<const EnumName<StackEndReason>> words_of(StackEndReason);

}  // namespace whyhung::model
