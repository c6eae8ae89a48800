// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/crash.h"

#include <algorithm>
#include <array>

namespace whyhung::collect {
namespace {

using model::CrashKind;
using names::Meaning;

struct Sign {
  Meaning meaning;
  CrashKind kind;
};
constexpr auto kSigns = std::to_array<Sign>({{Meaning::kReportsHang, CrashKind::kHangDetector},
                                             {Meaning::kRequestsCrash, CrashKind::kRequested},
                                             {Meaning::kRunsOutOfMemory, CrashKind::kOutOfMemory},
                                             {Meaning::kFindsStackSmashed, CrashKind::kStackSmashed},
                                             {Meaning::kHandlesStackOverflow, CrashKind::kStackOverflow},
                                             {Meaning::kHandlesMachineCheck, CrashKind::kMachineCheck},
                                             {Meaning::kHandlesDivide, CrashKind::kDivide},
                                             {Meaning::kHandlesProtection, CrashKind::kProtection},
                                             {Meaning::kHandlesBadInstruction, CrashKind::kInvalidInstruction},
                                             {Meaning::kHandlesPageFault, CrashKind::kPageFault}});

std::optional<CrashKind> kind_of(const names::Meanings& code) {
  const auto found = std::ranges::find_if(kSigns, [&](const Sign& sign) { return code.has(sign.meaning); });
  return found == kSigns.end() ? std::nullopt : std::optional(found->kind);
}

const names::Meanings& code_at(const model::Snapshot& snapshot, const model::Cpu& cpu, std::uint32_t frame) {
  return snapshot.location(cpu.stack.frames[frame]).meanings;
}

// The piece of the stack that panic() is in: where it ends, other code was interrupted.
const model::ContextSegment* dying_segment(const model::Snapshot& snapshot, const model::Cpu& cpu) {
  for (const model::ContextSegment& segment : cpu.contexts) {
    for (std::uint32_t frame = segment.first_frame; frame < segment.end_frame; ++frame) {
      if (code_at(snapshot, cpu, frame).has(Meaning::kDies)) return &segment;
    }
  }
  return nullptr;
}

bool is_exception(CrashKind kind) {
  switch (kind) {
    case CrashKind::kPageFault:
    case CrashKind::kProtection:
    case CrashKind::kInvalidInstruction:
    case CrashKind::kDivide:
    case CrashKind::kStackOverflow:
    case CrashKind::kMachineCheck:
    case CrashKind::kOtherException: return true;
    case CrashKind::kOutOfMemory:
    case CrashKind::kStackSmashed:
    case CrashKind::kCalled:
    case CrashKind::kHangDetector:
    case CrashKind::kRequested: return false;
  }
  return false;
}

}  // namespace

std::optional<CrashKind> kind_of_handler(const names::Meanings& code) {
  const auto kind = kind_of(code);
  return kind && is_exception(*kind) ? kind : std::nullopt;
}

std::optional<std::uint32_t> who_called(const model::Snapshot& snapshot, const model::Cpu& cpu, std::uint32_t frame) {
  constexpr std::uint32_t kMostServants = 8;
  const auto last = std::min<std::size_t>(cpu.stack.frames.size(), std::size_t{frame} + kMostServants);
  for (std::uint32_t one = frame; one < last; ++one) {
    const model::CodeLocation& location = snapshot.location(cpu.stack.frames[one]);
    // A jump to nowhere has no function: whoever jumped there does.
    if (location.function.empty() && location.module.empty()) continue;
    if (!location.meanings.has(Meaning::kServesCaller)) return one == frame ? std::nullopt : std::optional(one);
  }
  return std::nullopt;
}

std::optional<model::Crash> find_crash(const model::Snapshot& snapshot, std::uint32_t panic_cpu) {
  const model::Cpu* cpu = snapshot.find_cpu(panic_cpu);
  if (cpu == nullptr) return std::nullopt;
  const model::ContextSegment* segment = dying_segment(snapshot, *cpu);
  if (segment == nullptr) return std::nullopt;
  model::Crash crash;
  crash.cpu = panic_cpu;
  std::optional<CrashKind> kind;
  std::uint32_t last_known = segment->first_frame;
  for (std::uint32_t frame = segment->first_frame; frame < segment->end_frame; ++frame) {
    const names::Meanings& code = code_at(snapshot, *cpu, frame);
    const auto one = kind_of(code);
    if (one || code.has(Meaning::kDies)) last_known = frame;
    // The outermost that says anything is what it began with: a detector's own code may fault.
    if (one) kind = one;
  }
  if (!kind && segment->kind == model::ContextKind::kException) kind = CrashKind::kOtherException;
  crash.kind = kind.value_or(CrashKind::kCalled);
  // An exception came in on top of the code that made it; everything else was called by it.
  crash.frame = is_exception(crash.kind) ? segment->end_frame : last_known + 1;
  if (crash.frame >= cpu->stack.frames.size()) {
    if (is_exception(crash.kind) || crash.kind == CrashKind::kCalled) return std::nullopt;
    crash.frame = last_known;
  }
  if (is_exception(crash.kind)) crash.accused = who_called(snapshot, *cpu, crash.frame);
  return crash;
}

}  // namespace whyhung::collect
