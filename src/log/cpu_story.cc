// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/cpu_story.h"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace whyhung::log {
namespace {

struct Seen {
  std::size_t dump = 0;
  bool own = false;  // a report about this CPU
};

struct Builder {
  const Case& facts;
  CpuStories stories;
  std::map<std::uint32_t, std::vector<Seen>> dumps;
  std::map<std::uint32_t, std::set<Saying>> kinds;

  CpuStory& at(std::uint32_t cpu) {
    CpuStory& story = stories[cpu];
    story.cpu = cpu;
    return story;
  }

  void complain(CpuStory& story, Saying saying, std::optional<std::uint64_t> number, std::uint64_t line) {
    ++story.complaints;
    story.last_line = line;
    const bool is_new = kinds[story.cpu].insert(saying).second;
    if (is_new) {
      story.told.push_back({saying, number, line});
    } else if (story.told.back().saying == saying) {
      story.told.back() = {saying, number, line};
    }
    story.kinds_of_complaint = kinds[story.cpu].size();
  }

  void add_lockups() {
    for (const Lockup& lockup : facts.events->lockups) {
      if (lockup.ended) continue;
      CpuStory& story = at(lockup.cpu);
      complain(story, lockup.hard ? Saying::kStuckHard : Saying::kStuckCpu, lockup.seconds, lockup.at.line);
      story.hard |= lockup.hard;
      if (story.complaints == 1) story.first_seconds = lockup.seconds.value_or(0);
      if (lockup.at.time) keep_earlier(story.onset, *lockup.at.time - static_cast<double>(lockup.seconds.value_or(10)));
      if (lockup.task) {
        story.pid = lockup.task->pid;
        story.comm = lockup.task->comm;
      }
      if (lockup.dump) dumps[lockup.cpu].push_back({*lockup.dump, true});
    }
  }

  void add_stalls() {
    for (const Stall& stall : facts.events->stalls) {
      if (stall.ended || (stall.expedited && stall.jiffies && *stall.jiffies < kShortStall)) continue;
      for (const StallCpu& one : stall.cpus) {
        CpuStory& story = at(one.cpu);
        complain(story, Saying::kStalledCpu, stall.jiffies, one.line);
        story.deaf |= one.deaf;
        story.rcu_starved |= one.thread_starved;
        if (one.idle && story.kind == ActivityKind::kUnknown) story.kind = ActivityKind::kIdle;
        if (stall.at.time) keep_earlier(story.onset, *stall.at.time - 21);
      }
    }
  }

  // Stacks that were not printed for a lockup: NMI backtraces, those of stall reports.
  void add_other_dumps() {
    const auto& all = facts.events->dumps;
    std::set<std::size_t> taken;
    for (const auto& [cpu, seen] : dumps) {
      for (const Seen& one : seen) taken.insert(one.dump);
    }
    std::optional<std::uint32_t> dumped_cpu;  // "Task dump for CPU 1:" and then the task
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Dump& dump = all[i];
      if (dump.origin == DumpOrigin::kRcu && dump.cpu && dump.frames.empty() && !dump.pid) {
        dumped_cpu = dump.cpu;
        continue;
      }
      const bool fits = (dump.origin == DumpOrigin::kDebugger && dump.is_running) || dump.origin == DumpOrigin::kNmi ||
                        dump.origin == DumpOrigin::kRcu || dump.origin == DumpOrigin::kOther;
      const auto cpu = dump.cpu ? dump.cpu : dump.origin == DumpOrigin::kRcu ? dumped_cpu : std::nullopt;
      dumped_cpu.reset();
      if (!fits || !cpu || taken.contains(i)) continue;
      at(*cpu);
      const bool reported = dump.origin != DumpOrigin::kOther;
      dumps[*cpu].push_back({i, reported});
    }
    // A detector's own CPU prints its stack without a header of its own: it is the reporter's.
  }

  struct Shown {
    const Dump* dump;
    Activity activity;
    std::vector<std::string_view> names;  // innermost first
    std::size_t own = 0;                  // so many of them may be to blame: not those of a task that was interrupted

    Shown(const Dump& shown, Activity&& does) : dump(&shown), activity(std::move(does)) {
      if (!dump->point.empty() && activity.function == dump->point) names.push_back(dump->point);
      for (std::size_t i = 0; i < activity.frames.size(); ++i) {
        if (i == activity.of_interrupt) own = names.size();
        if (!is_helper(activity.frames[i]->function)) names.push_back(activity.frames[i]->function);
      }
      if (!activity.in_interrupt || own == 0) own = names.size();
    }

    bool is_alike(const Shown& other) const {
      const bool same_task = dump->pid == other.dump->pid && !activity.in_interrupt && !other.activity.in_interrupt;
      const bool both_handle = activity.in_interrupt && other.activity.in_interrupt;
      return (same_task || both_handle) && activity.kind == other.activity.kind;
    }
    bool has(std::string_view name) const {
      return std::ranges::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(own), name) !=
             names.begin() + static_cast<std::ptrdiff_t>(own);
    }
  };

  // What the stacks of one CPU have in common.
  void judge(CpuStory& story, const std::vector<Seen>& seen) {
    std::vector<Shown> shown;
    for (const Seen& one : seen) {
      const Dump& dump = facts.events->dumps[one.dump];
      if (!one.own && story.complaints != 0) continue;
      const bool has_registers = dump.origin == DumpOrigin::kSoftLockup || dump.origin == DumpOrigin::kHardLockup ||
                                 dump.origin == DumpOrigin::kNmi;
      if (dump.mixed) {
        story.point_lost = true;
        story.last_line = std::max(story.last_line, dump.at.line);
        continue;
      }
      // The innermost entries may be lost with the registers: what is left shows callers.
      if (has_registers && dump.point.empty() && !dump.idle && !dump.user_mode && !dump.frames.empty()) {
        story.point_lost = true;
        story.last_line = std::max(story.last_line, dump.at.line);
        continue;
      }
      Activity activity = activity_of(dump);
      if (activity.kind == ActivityKind::kUnknown) continue;
      if (dump.interrupts_on == false && dump.origin != DumpOrigin::kSoftLockup) story.interrupts_off = true;
      story.shown_by_interrupt |= !dump.point.empty();
      shown.emplace_back(dump, std::move(activity));
    }
    if (shown.empty()) return;
    const Shown& newest = shown.back();
    story.kind = newest.activity.kind;
    story.interrupts_on = newest.dump->interrupts_on == true;
    story.unsure = newest.activity.unsure;
    story.in_interrupt = newest.activity.in_interrupt;
    story.in_softirq = newest.activity.in_softirq;
    story.function = newest.activity.function;
    story.module = newest.activity.module;
    story.site = newest.activity.site;
    story.names = newest.names;
    story.last_line = std::max(story.last_line, newest.activity.line);
    // A debugger complains of nobody; a CPU that waits for another one does.
    const bool waits = story.kind == ActivityKind::kSpins || story.kind == ActivityKind::kWaitsForCpu ||
                       story.kind == ActivityKind::kStopped;
    if (waits && story.complaints == 0 && newest.dump->origin == DumpOrigin::kDebugger) story.complaints = 1;
    if (!story.pid) {
      story.pid = newest.dump->pid;
      story.comm = newest.dump->comm;
    }
    story.same_function = 1;
    if (shown.size() < 2) return;
    for (std::size_t depth = 0; depth < newest.own; ++depth) {
      const std::string_view name = newest.names[depth];
      const auto count = static_cast<std::size_t>(
          std::ranges::count_if(shown, [&](const Shown& other) { return newest.is_alike(other) && other.has(name); }));
      if (count < 2) continue;
      story.same_function = count;
      if (story.kind == ActivityKind::kCode && depth > 0) {
        story.function = name;
        for (const Frame* frame : newest.activity.frames) {
          if (frame->function == name) story.module = frame->module;
        }
      }
      return;
    }
  }

  // The CPU of a work that keeps its pool from going on is named twice.
  void add_pools() {
    if (facts.events->pool_lockups.empty()) return;
    std::unordered_map<std::uint32_t, std::uint64_t> in_flight;  // by pid: the line of its first work
    for (const Work& work : facts.events->works) {
      if (work.state == WorkState::kInFlight && work.pid) in_flight.try_emplace(*work.pid, work.line);
    }
    for (auto& [cpu, story] : stories) {
      const auto work = story.pid ? in_flight.find(*story.pid) : in_flight.end();
      if (story.complaints == 0 || work == in_flight.end()) continue;
      kinds[cpu].insert(Saying::kWorkInFlight);
      story.told.push_back({Saying::kWorkInFlight, std::nullopt, work->second});
      story.kinds_of_complaint = kinds[cpu].size();
    }
  }
};

}  // namespace

bool CpuStory::contains(std::string_view name) const {
  return !name.empty() && std::ranges::find(names, name) != names.end();
}

CpuStories cpu_stories(const Case& facts) {
  Builder builder{facts, {}, {}, {}};
  builder.add_lockups();
  builder.add_stalls();
  builder.add_other_dumps();
  for (auto& [cpu, seen] : builder.dumps) builder.judge(builder.at(cpu), seen);
  builder.add_pools();
  return builder.stories;
}

}  // namespace whyhung::log
