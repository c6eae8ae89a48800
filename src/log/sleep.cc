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

namespace {

bool is_of_detector(std::string_view name) {
  return matches_any(detector_functions(), name) || name.starts_with("__pfx_");
}

// Entries that say what the CPU did: without the detectors, without doubted ones where any is sure, and without the
// handler of a timer that only called the detector.
std::vector<const Frame*> running_frames(const Dump& dump, bool any_sure) {
  std::vector<const Frame*> frames;
  const auto& all = dump.frames;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Frame& frame = all[i];
    if ((any_sure && frame.unsure) || frame.context == FrameContext::kNmi || is_of_detector(frame.function)) continue;
    const bool under_tick =
        i > 0 && (all[i - 1].function == "hrtimer_interrupt" || all[i - 1].function == "tick_handle_periodic");
    if (under_tick && i + 1 < all.size() && matches_any(interrupt_functions(), all[i + 1].function)) continue;
    frames.push_back(&frame);
  }
  return frames;
}

// How many of the entries, innermost first, belong to a handler that came between.
std::size_t entries_of_interrupt(const Dump& dump, const std::vector<const Frame*>& frames) {
  const bool has_point = !dump.point.empty() && !is_of_detector(dump.point);
  bool any = has_point && !is_helper(dump.point);
  std::size_t inside = 0;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const std::string_view name = frames[i]->function;
    const bool enters = matches_any(interrupt_functions(), name);
    if (enters && any) inside = i + 1;
    any |= !is_helper(name) && !enters;
  }
  return inside;
}

// Where a CPU was, innermost first, with the module of each.
struct Standing {
  std::vector<std::string_view> names;
  std::vector<std::string_view> modules;

  Standing(const Dump& dump, const std::vector<const Frame*>& frames) {
    if (!dump.point.empty() && !matches_any(detector_functions(), dump.point)) {
      names.push_back(dump.point);
      modules.push_back(dump.point_module);
    }
    for (const Frame* frame : frames) {
      names.push_back(frame->function);
      modules.push_back(frame->module);
    }
  }
};

bool is_in(std::span<const std::string_view> table, std::string_view name) {
  return !name.empty() && matches_any(table, name);
}

ActivityKind kind_of_running(const std::vector<std::string_view>& names, std::size_t first) {
  const auto any = [&](std::span<const std::string_view> table) {
    return std::ranges::any_of(names, [&](std::string_view name) { return is_in(table, name); });
  };
  const auto stop = std::ranges::find(names, "multi_cpu_stop");
  if (any(console_functions())) return ActivityKind::kPrints;
  if ((stop != names.end() && stop - names.begin() <= 2) || names[first] == "cpu_stopper_thread")
    return ActivityKind::kStopped;
  if (is_in(ipi_functions(), names[first])) return ActivityKind::kWaitsForCpu;
  if (is_in(spin_functions(), names[first])) {
    const bool locks =
        std::ranges::any_of(names, [](std::string_view name) { return name.find("_lock") != std::string_view::npos; });
    return locks ? ActivityKind::kSpins : ActivityKind::kCode;  // a delay of a driver's own
  }
  return any(firmware_functions()) ? ActivityKind::kFirmware : ActivityKind::kCode;
}

}  // namespace

Activity activity_of(const Dump& dump) {
  Activity activity;
  activity.line = dump.at.line;
  if (dump.user_mode && dump.frames.empty() && !dump.idle) {
    activity.kind = ActivityKind::kUserMode;
    return activity;
  }
  const bool any_sure = std::ranges::any_of(dump.frames, [](const Frame& frame) {
    return !frame.unsure && !is_helper(frame.function) && !matches_any(detector_functions(), frame.function);
  });
  activity.unsure = !any_sure && dump.point.empty();
  activity.frames = running_frames(dump, any_sure);
  activity.of_interrupt = entries_of_interrupt(dump, activity.frames);
  activity.in_interrupt = activity.of_interrupt != 0;
  for (std::size_t at = 0; at < activity.of_interrupt; ++at) {
    activity.in_softirq |= activity.frames[at]->function.find("softirq") != std::string_view::npos;
  }
  if (dump.idle && !activity.in_interrupt) {
    activity.kind = ActivityKind::kIdle;
    return activity;
  }
  const Standing standing(dump, activity.frames);
  const auto& names = standing.names;
  std::size_t i = 0;
  while (i < names.size() && is_helper(names[i])) ++i;
  if (i == names.size()) {
    activity.kind = dump.user_mode ? ActivityKind::kUserMode : ActivityKind::kUnknown;
    return activity;
  }
  activity.kind = kind_of_running(names, i);
  activity.function = names[i];
  activity.module = standing.modules[i];
  const auto skip = [&](std::string_view name) {
    return is_helper(name) || is_in(spin_functions(), name) || is_in(ipi_functions(), name) ||
           is_in(console_functions(), name);
  };
  while (i < names.size() && skip(names[i])) ++i;
  if (i < names.size()) activity.site = names[i];
  if (activity.kind == ActivityKind::kCode && i < names.size() && is_in(spin_functions(), activity.function)) {
    activity.function = names[i];
    activity.module = standing.modules[i];
  }
  if (activity.kind == ActivityKind::kFirmware) {
    const auto found =
        std::ranges::find_if(names, [](std::string_view name) { return is_in(firmware_functions(), name); });
    const auto at = static_cast<std::size_t>(found - names.begin());
    activity.function = names[at];
    activity.module = standing.modules[at];
  }
  return activity;
}

}  // namespace whyhung::log
