// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/contexts.h"

#include <algorithm>

#include "kernel/known_code.h"

namespace whyhung::collect {
namespace {

using model::ContextKind;

const std::string& function_at(const model::Snapshot& snapshot, const model::StackTrace& stack, std::uint32_t frame) {
  return snapshot.location(stack.frames[frame]).function;
}

bool is_kernel_function(const model::Snapshot& snapshot, const model::StackTrace& stack, std::uint32_t frame) {
  return snapshot.location(stack.frames[frame]).module.empty();
}

ContextKind kind_of(kernel::EntryKind entry) {
  switch (entry) {
    case kernel::EntryKind::kNmi: return ContextKind::kNmi;
    case kernel::EntryKind::kHardirq: return ContextKind::kHardirq;
    case kernel::EntryKind::kException: return ContextKind::kException;
    case kernel::EntryKind::kSystemCall: return ContextKind::kTask;
  }
  return ContextKind::kTask;
}

// Frames [begin, end) between two crossings: what they were entered for is written in their outermost functions.
ContextKind kind_of_segment(const model::Snapshot& snapshot, const model::StackTrace& stack, std::uint32_t begin,
                            std::uint32_t end, bool is_outermost) {
  constexpr std::uint32_t kEntryFrames = 4;
  for (std::uint32_t frame = end; frame-- > begin && frame + kEntryFrames >= end;) {
    if (!is_kernel_function(snapshot, stack, frame)) continue;
    const auto entry = kernel::entry_kind(function_at(snapshot, stack, frame));
    if (entry) return kind_of(*entry);
  }
  return is_outermost ? ContextKind::kTask : ContextKind::kHardirq;
}

void add_segment(const model::Snapshot& snapshot, model::Cpu& cpu, std::uint32_t begin, std::uint32_t end,
                 bool is_outermost) {
  // Softirqs run on top of the interrupt or task that raised them, without registers saved in between.
  for (std::uint32_t frame = begin; frame < end; ++frame) {
    if (!is_kernel_function(snapshot, cpu.stack, frame)) continue;
    if (!kernel::runs_softirqs(function_at(snapshot, cpu.stack, frame))) continue;
    cpu.contexts.push_back({ContextKind::kSoftirq, begin, frame + 1});
    begin = frame + 1;
    break;
  }
  if (begin < end) {
    cpu.contexts.push_back({kind_of_segment(snapshot, cpu.stack, begin, end, is_outermost), begin, end});
  }
}

// The role that the segment's code plays in the taking of the dump, if any.
model::DumpRole role_of(const model::Snapshot& snapshot, const model::Cpu& cpu, const model::ContextSegment& segment) {
  const model::StackTrace& stack = cpu.stack;
  model::DumpRole role = model::DumpRole::kNone;
  for (std::uint32_t frame = segment.first_frame; frame < segment.end_frame; ++frame) {
    if (!is_kernel_function(snapshot, stack, frame)) continue;
    const auto code = kernel::dump_code(function_at(snapshot, stack, frame));
    // A CPU that panics second only stops itself, although panic() is on its stack.
    if (code == kernel::DumpCode::kStoppedByPanic) return model::DumpRole::kStoppedForDump;
    if (code == kernel::DumpCode::kStoppedIfOffline && cpu.online == false) return model::DumpRole::kStoppedForDump;
    if (code == kernel::DumpCode::kPanic) role = model::DumpRole::kPanicked;
    if (code == kernel::DumpCode::kDetector && role == model::DumpRole::kNone) role = model::DumpRole::kDetecting;
  }
  return role;
}

std::string busy_wait_of(const model::Snapshot& snapshot, const model::Cpu& cpu, const model::ContextSegment& segment) {
  constexpr std::uint32_t kInnermost = 4;
  const std::uint32_t end = std::min(segment.end_frame, segment.first_frame + kInnermost);
  for (std::uint32_t frame = segment.first_frame; frame < end; ++frame) {
    if (!is_kernel_function(snapshot, cpu.stack, frame)) return {};
    if (const auto wait = kernel::busy_wait(function_at(snapshot, cpu.stack, frame))) {
      return std::string(kernel::name_of(*wait));
    }
  }
  return {};
}

// Registers of another context begin at `frame`. Code that has just been entered has saved none: what lies under it is
// told by what is left of the registers.
bool crosses_at(const model::Snapshot& snapshot, const model::StackTrace& stack, std::uint32_t frame) {
  const model::FrameOrigin origin = stack.frames[frame].origin;
  if (origin == model::FrameOrigin::kException || origin == model::FrameOrigin::kEarlierInterrupt) return true;
  return origin == model::FrameOrigin::kLinkRegister && is_kernel_function(snapshot, stack, frame - 1) &&
         kernel::is_just_entering(function_at(snapshot, stack, frame - 1));
}

// An interrupt of which nothing has run yet is nothing that a CPU does.
bool has_only_been_entered(const model::Snapshot& snapshot, const model::Cpu& cpu,
                           const model::ContextSegment& segment) {
  if (segment.end_frame != segment.first_frame + 1 || !is_kernel_function(snapshot, cpu.stack, segment.first_frame)) {
    return false;
  }
  const std::string_view function = function_at(snapshot, cpu.stack, segment.first_frame);
  return kernel::is_just_entering(function) || kernel::entry_kind(function) == kernel::EntryKind::kHardirq;
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
    const model::DumpRole role = role_of(snapshot, cpu, cpu.contexts[i]);
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

bool move_activity_outward(const model::Snapshot& snapshot, model::Cpu& cpu) {
  if (!cpu.activity || *cpu.activity + 1 >= cpu.contexts.size()) return false;
  cpu.activity = *cpu.activity + 1;
  cpu.busy_wait = busy_wait_of(snapshot, cpu, cpu.contexts[*cpu.activity]);
  return true;
}

}  // namespace whyhung::collect
