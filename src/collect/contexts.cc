// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/contexts.h"

#include <algorithm>

#include "names/functions.h"

namespace whyhung::collect {
namespace {

using model::BusyWait;
using model::ContextKind;
using names::Meaning;

constexpr auto kBusyWaits =
    std::to_array<std::pair<Meaning, BusyWait>>({{Meaning::kSpinsInStopMachine, BusyWait::kStopMachine},
                                                 {Meaning::kSpinsForIpi, BusyWait::kIpi},
                                                 {Meaning::kSpinsForLock, BusyWait::kSpinlock},
                                                 {Meaning::kSpinsForOwner, BusyWait::kOwnerSpin},
                                                 {Meaning::kSpinsForConsole, BusyWait::kConsole},
                                                 {Meaning::kSpinsForCallback, BusyWait::kCallback}});

bool means(const model::Snapshot& snapshot, const model::StackTrace& stack, std::uint32_t frame, Meaning meaning) {
  return snapshot.location(stack.frames[frame]).meanings.has(meaning);
}

bool is_kernel_function(const model::Snapshot& snapshot, const model::StackTrace& stack, std::uint32_t frame) {
  return snapshot.location(stack.frames[frame]).module.empty();
}

// What entry code was entered for; nothing for other code. An NMI's entry may have the words of an exception's.
std::optional<ContextKind> entered_for(const model::Snapshot& snapshot, const model::StackTrace& stack,
                                       std::uint32_t frame) {
  if (means(snapshot, stack, frame, Meaning::kEntersNmi)) return ContextKind::kNmi;
  if (means(snapshot, stack, frame, Meaning::kEntersHardirq)) return ContextKind::kHardirq;
  if (means(snapshot, stack, frame, Meaning::kEntersException)) return ContextKind::kException;
  if (means(snapshot, stack, frame, Meaning::kEntersSystemCall)) return ContextKind::kTask;
  return std::nullopt;
}

// Frames [begin, end) between two crossings: what they were entered for is written in their outermost functions.
ContextKind kind_of_segment(const model::Snapshot& snapshot, const model::StackTrace& stack, std::uint32_t begin,
                            std::uint32_t end, bool is_outermost) {
  constexpr std::uint32_t kEntryFrames = 4;
  for (std::uint32_t frame = end; frame-- > begin && frame + kEntryFrames >= end;) {
    if (const auto kind = entered_for(snapshot, stack, frame)) return *kind;
  }
  return is_outermost ? ContextKind::kTask : ContextKind::kHardirq;
}

void add_segment(const model::Snapshot& snapshot, model::Cpu& cpu, std::uint32_t begin, std::uint32_t end,
                 bool is_outermost) {
  // Softirqs run on top of the interrupt or task that raised them, without registers saved in between.
  for (std::uint32_t frame = begin; frame < end; ++frame) {
    if (!means(snapshot, cpu.stack, frame, Meaning::kRunsSoftirqs)) continue;
    cpu.contexts.push_back({ContextKind::kSoftirq, begin, frame + 1});
    begin = frame + 1;
    break;
  }
  if (begin < end) {
    cpu.contexts.push_back({kind_of_segment(snapshot, cpu.stack, begin, end, is_outermost), begin, end});
  }
}

model::BusyWait busy_wait_of(const model::Snapshot& snapshot, const model::Cpu& cpu,
                             const model::ContextSegment& segment) {
  constexpr std::uint32_t kInnermost = 4;
  const std::uint32_t end = std::min(segment.end_frame, segment.first_frame + kInnermost);
  BusyWait innermost = BusyWait::kNone;
  for (std::uint32_t frame = segment.first_frame; frame < end; ++frame) {
    if (!is_kernel_function(snapshot, cpu.stack, frame)) break;
    // Each time round it takes a lock for a moment, which is not what it waits for.
    if (means(snapshot, cpu.stack, frame, Meaning::kSpinsForCallback)) return BusyWait::kCallback;
    if (innermost != BusyWait::kNone) continue;
    for (const auto& [meaning, wait] : kBusyWaits) {
      if (means(snapshot, cpu.stack, frame, meaning)) innermost = wait;
    }
  }
  return innermost;
}

// Registers of another context begin at `frame`. Code that has just been entered has saved none: what lies under it is
// told by what is left of the registers.
bool crosses_at(const model::Snapshot& snapshot, const model::StackTrace& stack, std::uint32_t frame) {
  const model::FrameOrigin origin = stack.frames[frame].origin;
  if (origin == model::FrameOrigin::kException || origin == model::FrameOrigin::kEarlierInterrupt) return true;
  return origin == model::FrameOrigin::kLinkRegister && means(snapshot, stack, frame - 1, Meaning::kJustEntering);
}

// An interrupt of which nothing has run yet is nothing that a CPU does.
bool has_only_been_entered(const model::Snapshot& snapshot, const model::Cpu& cpu,
                           const model::ContextSegment& segment) {
  if (segment.end_frame != segment.first_frame + 1) return false;
  return means(snapshot, cpu.stack, segment.first_frame, Meaning::kJustEntering) ||
         entered_for(snapshot, cpu.stack, segment.first_frame) == ContextKind::kHardirq;
}

}  // namespace

void cut_into_contexts(const model::Snapshot& snapshot, model::Cpu& cpu) {
  const auto frame_count = static_cast<std::uint32_t>(cpu.stack.frames.size());
  const bool ends_in_user_mode = cpu.stack.end == model::StackEndReason::kUserMode;
  std::uint32_t begin = 0;
  for (std::uint32_t frame = 1; frame <= frame_count; ++frame) {
    const bool crosses = frame < frame_count && crosses_at(snapshot, cpu.stack, frame);
    if (!crosses && frame < frame_count) continue;
    add_segment(snapshot, cpu, begin, frame, frame == frame_count);
    begin = frame;
    if (cpu.contexts.size() == 1 && has_only_been_entered(snapshot, cpu, cpu.contexts.front())) cpu.contexts.clear();
  }
  if (cpu.contexts.empty()) return;
  std::uint32_t activity = 0;
  for (std::uint32_t i = 0; i < cpu.contexts.size(); ++i) {
    const model::DumpRole role = dump_role_of(snapshot, cpu, cpu.contexts[i]);
    if (role == model::DumpRole::kNone) continue;
    if (cpu.dump_role == model::DumpRole::kNone) cpu.dump_role = role;
    activity = i + 1;
  }
  const auto last = static_cast<std::uint32_t>(cpu.contexts.size()) - 1;
  const bool last_is_entry = cpu.contexts[last].kind != ContextKind::kTask;
  if (activity > last) {
    // The code that served the dump was all there was: a panic in task context, or an interrupt out of user mode.
    if (ends_in_user_mode && last_is_entry) return;
    // An interrupt that came while it waited for the end is of no interest.
    cpu.contexts.erase(cpu.contexts.begin(), cpu.contexts.begin() + last);
    activity = 0;
  }
  cpu.activity = activity;
  cpu.busy_wait = busy_wait_of(snapshot, cpu, cpu.contexts[activity]);
}

model::DumpRole dump_role_of(const model::Snapshot& snapshot, const model::Cpu& cpu,
                             const model::ContextSegment& segment) {
  const model::StackTrace& stack = cpu.stack;
  model::DumpRole role = model::DumpRole::kNone;
  for (std::uint32_t frame = segment.first_frame; frame < segment.end_frame; ++frame) {
    const names::Meanings& code = snapshot.location(stack.frames[frame]).meanings;
    // A CPU that panics second only stops itself, although panic() is on its stack.
    if (code.has(Meaning::kPanics)) {
      role = model::DumpRole::kPanicked;
    } else if (code.has(Meaning::kStopsForDump) || (code.has(Meaning::kServesStopIpi) && cpu.online == false)) {
      return model::DumpRole::kStoppedForDump;
    } else if (code.has(Meaning::kDetectsHang) && role == model::DumpRole::kNone) {
      role = model::DumpRole::kDetecting;
    }
  }
  return role;
}

bool move_activity_outward(const model::Snapshot& snapshot, model::Cpu& cpu) {
  if (!cpu.activity || *cpu.activity + 1 >= cpu.contexts.size()) return false;
  cpu.activity = *cpu.activity + 1;
  cpu.busy_wait = busy_wait_of(snapshot, cpu, cpu.contexts[*cpu.activity]);
  return true;
}

}  // namespace whyhung::collect
