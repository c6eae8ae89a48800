// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/sleep.h"

#include <algorithm>

#include "base/text.h"
#include "log/sleep_table.h"

namespace whyhung::log {
namespace {

constexpr std::size_t kDeepestSaying = 16;  // entries above the wait that may still say what it is for

std::optional<SleepKind> kind_in(std::span<const KnownFunction> table, std::string_view function) {
  for (const KnownFunction& known : table) {
    if (matches_pattern(known.pattern, function)) return known.kind;
  }
  return std::nullopt;
}

bool is_scheduler(std::string_view function) {
  return matches_any(scheduler_functions(), function);
}

// The entries that count for a sleeping task: sure ones, and doubted ones only while no sure one has said anything,
// because some unwinders doubt the very function that waits.
std::vector<const Frame*> sleeping_frames(const Dump& dump) {
  std::vector<const Frame*> frames;
  bool found_sure = false;
  for (const Frame& frame : dump.frames) {
    if (frame.context != FrameContext::kTask) continue;
    const bool says = !is_scheduler(frame.function);
    if (frame.unsure && (found_sure || !kind_in(lock_functions(), frame.function))) continue;
    found_sure |= says && !frame.unsure;
    frames.push_back(&frame);
  }
  return frames;
}

// Who called the waiting functions.
void find_site(const std::vector<const Frame*>& frames, std::size_t from, Sleep& sleep) {
  for (std::size_t i = from; i < frames.size(); ++i) {
    const std::string_view function = frames[i]->function;
    if (frames[i]->unsure || is_scheduler(function) || kind_in(lock_functions(), function) ||
        matches_any(generic_waits(), function) || kind_in(refining_functions(), function) == SleepKind::kFlushWork) {
      continue;
    }
    sleep.site = function;
    sleep.module = frames[i]->module;
    return;
  }
}

void find_reclaim(const std::vector<const Frame*>& frames, Sleep& sleep) {
  const Frame* before = nullptr;
  for (const Frame* frame : frames) {
    if (matches_any(reclaim_functions(), frame->function)) {
      sleep.in_reclaim = true;
      if (before != nullptr) sleep.reclaim_site = before->function;
      return;
    }
    if (!is_scheduler(frame->function) && !kind_in(lock_functions(), frame->function)) before = frame;
  }
}

}  // namespace

bool is_lock(SleepKind kind) {
  using enum SleepKind;
  return kind == kMutex || kind == kRwSemaphore || kind == kSemaphore || kind == kPercpuRwSemaphore ||
         kind == kRtMutex || kind == kRangeLock;
}

bool waits_for_others(SleepKind kind) {
  using enum SleepKind;
  return is_lock(kind) || kind == kJournal || kind == kAsync || kind == kWriteback || kind == kDirtyThrottle ||
         kind == kReclaimThrottle;
}

bool is_server(SleepKind kind) {
  using enum SleepKind;
  return kind == kNfs || kind == kSmb || kind == kFuse || kind == kCeph || kind == kPlan9;
}

bool is_short_wait(SleepKind kind) {
  using enum SleepKind;
  return kind == kBlockIo || kind == kPage || kind == kJournal || kind == kWriteback || kind == kDirtyThrottle;
}

std::optional<Sleep> sleep_of(const Dump& dump) {
  const std::vector<const Frame*> frames = sleeping_frames(dump);
  std::size_t first = 0;
  while (first < frames.size() && is_scheduler(frames[first]->function)) ++first;
  if (first == frames.size()) return std::nullopt;
  Sleep sleep;
  sleep.function = frames[first]->function;
  sleep.line = frames[first]->line;
  sleep.unsure = frames[first]->unsure;
  find_site(frames, first, sleep);
  find_reclaim(frames, sleep);
  const std::size_t end = std::min(frames.size(), first + kDeepestSaying);
  if (const auto lock = kind_in(lock_functions(), frames[first]->function)) {
    sleep.kind = *lock;
    for (std::size_t i = first; i < std::min(end, first + 6) && *lock == SleepKind::kPercpuRwSemaphore; ++i) {
      if (kind_in(refining_functions(), frames[i]->function) == SleepKind::kFrozenFileSystem) {
        sleep.kind = SleepKind::kFrozenFileSystem;
      }
    }
    return sleep;
  }
  const bool generic = matches_any(generic_waits(), frames[first]->function);
  for (std::size_t i = first; i < end; ++i) {
    if (frames[i]->unsure) continue;
    const auto kind = kind_in(refining_functions(), frames[i]->function);
    if (!kind || (*kind == SleepKind::kWaitsForWork && i > first + 3)) continue;
    sleep.kind = *kind;
    // A page of a file that another machine keeps, or that is read from a device.
    if (*kind == SleepKind::kPage) {
      for (std::size_t above = i + 1; above < end; ++above) {
        const auto server = kind_in(refining_functions(), frames[above]->function);
        if (server && is_server(*server)) sleep.kind = *server;
      }
    }
    return sleep;
  }
  sleep.kind = generic ? SleepKind::kCompletion : SleepKind::kUnknown;
  const bool in_io =
      std::ranges::any_of(dump.frames, [](const Frame& frame) { return frame.function == "io_schedule"; });
  if (!generic && in_io) sleep.kind = SleepKind::kBlockIo;
  return sleep;
}

bool is_helper(std::string_view function) {
  return matches_any(helper_functions(), function) || is_scheduler(function);
}

bool has_function(const Dump& dump, std::string_view function) {
  return dump.point == function ||
         std::ranges::any_of(dump.frames, [&](const Frame& frame) { return frame.function == function; });
}

Activity activity_of(const Dump& dump) {
  Activity activity;
  activity.line = dump.at.line;
  if (dump.idle) {
    activity.kind = ActivityKind::kIdle;
    return activity;
  }
  if (dump.user_mode && dump.frames.empty()) {
    activity.kind = ActivityKind::kUserMode;
    return activity;
  }
  const bool any_sure = std::ranges::any_of(dump.frames, [](const Frame& frame) {
    return !frame.unsure && !is_helper(frame.function) && !matches_any(detector_functions(), frame.function);
  });
  activity.unsure = !any_sure && dump.point.empty();
  for (const Frame& frame : dump.frames) {
    if (any_sure && frame.unsure) continue;
    if (frame.context == FrameContext::kNmi) continue;
    if (matches_any(detector_functions(), frame.function) || frame.function.starts_with("__pfx_")) continue;
    activity.frames.push_back(&frame);
  }
  const auto in = [](std::span<const std::string_view> table, std::string_view name) {
    return !name.empty() && matches_any(table, name);
  };
  std::vector<std::string_view> names;
  std::vector<std::string_view> modules;
  if (!dump.point.empty() && !matches_any(detector_functions(), dump.point)) {
    names.push_back(dump.point);
    modules.push_back(dump.point_module);
  }
  for (const Frame* frame : activity.frames) {
    names.push_back(frame->function);
    modules.push_back(frame->module);
  }
  std::size_t i = 0;
  while (i < names.size() && is_helper(names[i])) ++i;
  if (i == names.size()) {
    activity.kind = dump.user_mode ? ActivityKind::kUserMode : ActivityKind::kUnknown;
    return activity;
  }
  activity.kind = ActivityKind::kCode;
  const auto console =
      std::ranges::find_if(names, [&](std::string_view name) { return in(console_functions(), name); });
  const auto stop = std::ranges::find(names, "multi_cpu_stop");
  if (console != names.end()) {
    activity.kind = ActivityKind::kPrints;
  } else if ((stop != names.end() && stop - names.begin() <= 2) || names[i] == "cpu_stopper_thread") {
    activity.kind = ActivityKind::kStopped;
  } else if (in(ipi_functions(), names[i])) {
    activity.kind = ActivityKind::kWaitsForCpu;
  } else if (in(spin_functions(), names[i])) {
    activity.kind = ActivityKind::kSpins;
    if (std::ranges::none_of(names,
                             [](std::string_view name) { return name.find("_lock") != std::string_view::npos; })) {
      activity.kind = ActivityKind::kCode;  // a delay of a driver's own
    }
  } else if (std::ranges::any_of(names, [&](std::string_view name) { return in(firmware_functions(), name); })) {
    activity.kind = ActivityKind::kFirmware;
  }
  activity.function = names[i];
  activity.module = modules[i];
  const auto skip = [&](std::string_view name) {
    return is_helper(name) || in(spin_functions(), name) || in(ipi_functions(), name) || in(console_functions(), name);
  };
  while (i < names.size() && skip(names[i])) ++i;
  if (i < names.size()) activity.site = names[i];
  if (activity.kind == ActivityKind::kCode && i < names.size() && in(spin_functions(), activity.function)) {
    activity.function = names[i];
    activity.module = modules[i];
  }
  if (activity.kind == ActivityKind::kFirmware) {
    for (std::size_t at = 0; at < names.size(); ++at) {
      if (!in(firmware_functions(), names[at])) continue;
      activity.function = names[at];
      activity.module = modules[at];
      break;
    }
  }
  return activity;
}

}  // namespace whyhung::log
