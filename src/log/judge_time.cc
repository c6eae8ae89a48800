// SPDX-License-Identifier: GPL-2.0-or-later
// Whether time stood still for the machine (it was not run at all, from outside), and whether what happened is over.
#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "log/cpu_story.h"
#include "log/verdict.h"

namespace whyhung::log {
namespace {

using diagnose::Advice;
using diagnose::HangClass;
using model::Certainty;

constexpr std::uint64_t kLongPool = 120;  // seconds at the first report of a pool of workers
constexpr double kNear = 60;              // seconds around a report within which a clock's complaint belongs to it

class Time {
 public:
  Time(const Case& facts, const CpuStories& stories) : facts_(facts), stories_(stories) {}

  std::optional<Verdict> judge() {
    const Events& events = *facts_.events;
    if (events.lockups.empty() && events.stalls.empty() && events.pool_lockups.empty()) return std::nullopt;
    for (const Lockup& lockup : events.lockups) earlier(lockup.at);
    for (const PoolLockup& lockup : events.pool_lockups) earlier(lockup.at);
    for (const Stall& stall : events.stalls) earlier(stall.at);
    if (goes_on()) return std::nullopt;
    look_at_lockups();
    look_at_pools();
    look_at_stalls();
    look_at_clocks();
    if (verdict_.chain.size() < 2) return std::nullopt;
    verdict_.settle(HangClass::kExternal, facts_.guest ? Certainty::kLikely : Certainty::kPossible,
                    Advice::kLookOutside);
    return verdict_;
  }

 private:
  void earlier(const Where& at) {
    if (at.time && (!first_ || *at.time < *first_)) first_ = at.time;
  }

  void sign(Saying saying, std::uint64_t line, std::optional<std::uint32_t> cpu = {},
            std::optional<std::uint64_t> number = {}) {
    if (!signs_.insert(saying).second) return;
    Statement& said = verdict_.say(saying, {}, {line});
    if (cpu) said.parties.push_back(cpu_party(*cpu));
    said.number = number;
  }

  // A CPU that is reported again and again in one task and function is held by that task, whatever the clocks did.
  bool goes_on() const {
    return std::ranges::any_of(stories_, [](const auto& entry) {
      const CpuStory& story = entry.second;
      return story.complaints >= 2 && story.kind == ActivityKind::kCode && story.same_function >= 2;
    });
  }

  void look_at_lockups() {
    std::set<std::uint32_t> seen;
    std::map<std::uint64_t, std::vector<const Lockup*>> by_age;
    for (const Lockup& lockup : facts_.events->lockups) {
      if (lockup.hard || !seen.insert(lockup.cpu).second) continue;
      const std::uint64_t seconds = lockup.seconds.value_or(0);
      if (seconds > kLongSeconds) {
        sign(Saying::kLongFirst, lockup.at.line, lockup.cpu, seconds);
        by_age[seconds].push_back(&lockup);
      }
      const Dump* dump = lockup.dump ? &facts_.events->dumps[*lockup.dump] : nullptr;
      const auto is_at_rest = [&] { return dump->user_mode || activity_of(*dump).kind == ActivityKind::kIdle; };
      if (dump != nullptr && is_at_rest()) sign(Saying::kIdleStuck, lockup.at.line, lockup.cpu);
    }
    for (auto entry = by_age.begin(); entry != by_age.end(); ++entry) {
      std::size_t count = entry->second.size();
      if (const auto next = std::next(entry); next != by_age.end() && next->first == entry->first + 1)
        count += next->second.size();
      if (count >= 2) sign(Saying::kSameAge, entry->second.front()->at.line, std::nullopt, entry->first);
    }
  }

  // A pool is reported after 30 to 60 s, and again and again. Pools of several CPUs that stood still for equally long
  // are one sign: a CPU that keeps all others would explain them as well, if a detector complained of any.
  void look_at_pools() {
    if (!facts_.events->lockups.empty() || !facts_.events->stalls.empty()) return;
    std::map<std::string_view, const PoolLockup*> first;
    for (const PoolLockup& lockup : facts_.events->pool_lockups) first.try_emplace(lockup.cpus, &lockup);
    std::map<std::uint64_t, std::size_t> by_age;
    for (const auto& [cpus, lockup] : first) {
      if (lockup->seconds > kLongPool && ++by_age[lockup->seconds] == 2)
        sign(Saying::kSameAge, lockup->at.line, std::nullopt, lockup->seconds);
    }
  }

  // Durations at which RCU reports by default, and again after three times as long, at the usual rates of the tick.
  static bool is_usual(std::uint64_t jiffies) {
    constexpr std::array<std::uint64_t, 8> kUsual = {2100, 5250, 6300, 21000, 6000, 15000, 18000, 60000};
    return std::ranges::any_of(kUsual, [&](std::uint64_t usual) {
      return (jiffies >= usual && jiffies <= usual + usual / 20 + 20) ||
             (jiffies >= 4 * usual && jiffies <= 4 * usual + usual / 4);
    });
  }

  void look_at_stalls() {
    bool first = true;
    for (const Stall& stall : facts_.events->stalls) {
      if (stall.expedited || stall.of_tasks) continue;
      if (first && stall.jiffies && *stall.jiffies > 24000 && !is_usual(*stall.jiffies)) {
        sign(Saying::kLongFirst, stall.at.line, std::nullopt, *stall.jiffies);
      }
      first = false;
      for (const StallCpu& one : stall.cpus) {
        if (one.false_positive) sign(Saying::kFalsePositive, one.line);
      }
      std::size_t idle = 0;
      std::size_t shown = 0;
      for (const std::size_t index : stall.dumps) {
        const Dump& dump = facts_.events->dumps[index];
        if (dump.origin != DumpOrigin::kNmi) continue;
        ++shown;
        idle += dump.idle ? 1 : 0;
      }
      if (shown != 0 && idle == shown) sign(Saying::kSkippedIdle, stall.at.line, std::nullopt, idle);
      if (!stall.thread_starved && !stall.timer_missing) continue;
      const bool all_idle =
          !stall.cpus.empty() && std::ranges::all_of(stall.cpus, [](const StallCpu& one) { return one.idle; });
      const auto story = stall.thread_cpu ? stories_.find(*stall.thread_cpu) : stories_.end();
      if (all_idle || (story != stories_.end() && story->second.kind == ActivityKind::kIdle)) {
        sign(Saying::kStarvedWhileIdle, stall.at.line);
      }
    }
  }

  bool near(const Where& at) const { return !first_ || !at.time || std::abs(*at.time - *first_) <= kNear; }

  void look_at_clocks() {
    for (const Note& note : facts_.events->notes) {
      if (!near(note.at)) continue;
      if (note.kind == NoteKind::kClock) sign(Saying::kClockJumped, note.at.line);
      if (note.kind == NoteKind::kResume) sign(Saying::kResumed, note.at.line);
      if (note.kind == NoteKind::kLongInterrupt && note.number > 1'000'000'000) {
        sign(Saying::kLongInterrupt, note.at.line, std::nullopt, note.number / 1'000'000);
      }
    }
    // The collector's clock went on while the kernel's stood, or the other way round.
    const Record* before = nullptr;
    for (const Record& record : facts_.records) {
      if (!record.uptime || !record.wall) continue;
      if (before != nullptr && first_ && std::abs(*record.uptime - *first_) <= kNear) {
        const double apart = (*record.wall - *before->wall) - (*record.uptime - *before->uptime);
        if (apart > kNear && apart < 40 * 86400) sign(Saying::kClockJumped, record.line);
      }
      before = &record;
    }
  }

  const Case& facts_;
  const CpuStories& stories_;
  std::optional<double> first_;
  std::set<Saying> signs_;
  Verdict verdict_;
};

// --- it is over ---
constexpr double kCheckInterval = 122;  // of hung_task
constexpr double kLockupSilence = 120;  // a lockup is reported again after some 25 s
constexpr double kStallSilence = 240;   // a stall after three times its limit
constexpr std::size_t kWarnings = 10;   // hung_task's reports, then it is silent

class Over {
 public:
  explicit Over(const Case& facts) : facts_(facts), events_(*facts.events) {}

  std::optional<Verdict> judge() {
    if (!anything()) return nothing_seen();
    if (std::ranges::any_of(events_.notes, [](const Note& note) {
          return note.kind == NoteKind::kHangPanic || note.kind == NoteKind::kPanic || note.kind == NoteKind::kOops;
        })) {
      return std::nullopt;
    }
    if (!facts_.end || still_listed() || awaited_server(facts_) != nullptr) return std::nullopt;
    const bool ended = hung_ended() && lockups_ended() && stalls_ended() && calls_ended() && pools_ended();
    if (!ended || verdict_.chain.empty()) return std::nullopt;
    return nothing_hangs();
  }

 private:
  bool anything() const {
    return listed_for_long() || awaited_server(facts_) != nullptr || !events_.lockups.empty() ||
           !events_.stalls.empty() || !events_.calls.empty() || !events_.pool_lockups.empty() ||
           !events_.spins.empty() || has(NoteKind::kGracePeriodOld) || has(NoteKind::kDeviceKept) ||
           has(NoteKind::kOops) || has(NoteKind::kPanic) || has(NoteKind::kHangPanic) || refused_to_the_end();
  }

  // A suspend was refused, and none worked out later.
  bool refused_to_the_end() const {
    bool refused = false;
    for (const Note& note : events_.notes) {
      if (note.kind == NoteKind::kFreezeRefused) refused = true;
      if (note.kind == NoteKind::kFrozen) refused = false;
    }
    return refused;
  }

  // One or two tasks in a single list of blocked ones, waiting for a disk or behind a journal: a moment, no complaint.
  bool listed_for_long() const {
    constexpr std::size_t kMoment = 2;
    std::size_t stuck = 0;
    bool serious = false;
    for (const auto& [pid, subject] : facts_.subjects) {
      if (!subject.is_stuck) continue;
      ++stuck;
      const Dump* dump = facts_.dump_of(subject);
      const bool is_list = dump != nullptr && dump->origin == DumpOrigin::kBlocked && subject.dumps.size() == 1;
      const SleepKind kind = subject.sleep ? subject.sleep->kind : SleepKind::kUnknown;
      serious |= subject.reports != 0 || subject.edge.has_value() || !is_list || !is_short_wait(kind);
    }
    return stuck > kMoment || serious;
  }

  bool has(NoteKind kind) const { return std::ranges::find(events_.notes, kind, &Note::kind) != events_.notes.end(); }

  std::optional<Verdict> nothing_hangs() {
    verdict_.settle(HangClass::kNone, Certainty::kLikely);
    return verdict_;
  }

  // What a debugger shows is one moment of a machine that somebody found worth a look.
  bool only_debugger() const {
    return !facts_.end &&
           std::ranges::any_of(events_.dumps, [](const Dump& dump) { return dump.origin == DumpOrigin::kDebugger; });
  }

  std::optional<Verdict> nothing_seen() {
    if (only_debugger()) return std::nullopt;
    if (!events_.splats.empty()) {
      verdict_.say(Saying::kOnlyWarning, {}, {events_.splats.front().at.line});
    } else {
      verdict_.say(Saying::kNoComplaint).number = events_.recognised;
    }
    return nothing_hangs();
  }

  // A newer list still shows a task that was reported.
  bool still_listed() const {
    for (const auto& [pid, subject] : facts_.subjects) {
      if (subject.reports == 0 || !subject.last) continue;
      const Dump& dump = events_.dumps[*subject.last];
      const bool list = dump.origin == DumpOrigin::kBlocked || dump.origin == DumpOrigin::kAllTasks;
      if (list && dump.state == 'D' && dump.at.time && facts_.last_sign && *dump.at.time >= *facts_.last_sign)
        return true;
    }
    return false;
  }

  double silence_after(double time) const { return *facts_.end - time; }

  void say_ended(double silence, std::uint64_t line) {
    verdict_.say(Saying::kEnded, {}, {line}).number = static_cast<std::uint64_t>(silence);
  }

  bool hung_ended() {
    if (events_.hung.empty()) {
      return std::ranges::none_of(facts_.subjects, [](const auto& entry) { return entry.second.is_stuck; });
    }
    if (events_.hung.size() >= kWarnings || has(NoteKind::kHung10)) return false;
    const HungTask& last = events_.hung.back();
    if (!last.at.time) return false;
    double interval = kCheckInterval;
    for (const HungTask& report : events_.hung) interval = std::min(interval, static_cast<double>(report.seconds) + 2);
    interval = std::max(interval, 30.0);
    const double silence = silence_after(*last.at.time);
    if (silence < 3 * interval) return false;
    say_ended(silence, last.at.line);
    return true;
  }

  bool lockups_ended() {
    const Lockup* last = nullptr;
    for (const Lockup& lockup : events_.lockups) {
      if (!lockup.ended) last = &lockup;
    }
    if (last == nullptr) {
      if (!events_.lockups.empty()) say_said(events_.lockups.back().at.line);
      return true;
    }
    if (last->hard || !last->at.time || silence_after(*last->at.time) < kLockupSilence) return false;
    say_ended(silence_after(*last->at.time), last->at.line);
    return true;
  }

  void say_said(std::uint64_t line) { verdict_.say(Saying::kSaidEnded, {}, {line}); }

  bool stalls_ended() {
    for (const Stall& stall : events_.stalls) {
      if (stall.ended) {
        say_said(stall.at.line);
        continue;
      }
      if (stall.expedited && stall.jiffies && *stall.jiffies < kShortStall) {
        verdict_.say(Saying::kShort, {}, {stall.at.line}).number = stall.jiffies;
        continue;
      }
      if (&stall != &events_.stalls.back()) continue;
      if (!stall.at.time || silence_after(*stall.at.time) < kStallSilence) return false;
      say_ended(silence_after(*stall.at.time), stall.at.line);
    }
    for (const Note& note : events_.notes) {
      if (note.kind == NoteKind::kGracePeriodOld && (!note.at.time || silence_after(*note.at.time) < kStallSilence))
        return false;
    }
    return true;
  }

  bool calls_ended() {
    for (const DeafCall& call : events_.calls) {
      if (!call.ended && (!call.at.time || silence_after(*call.at.time) < kLockupSilence)) return false;
    }
    if (!events_.calls.empty()) say_said(events_.calls.back().at.line);
    return true;
  }

  bool pools_ended() {
    if (events_.pool_lockups.empty()) return true;
    const PoolLockup& last = events_.pool_lockups.back();
    if (!last.at.time || silence_after(*last.at.time) < kLockupSilence) return false;
    say_ended(silence_after(*last.at.time), last.at.line);
    return true;
  }

  const Case& facts_;
  const Events& events_;
  Verdict verdict_;
};

}  // namespace

std::optional<Verdict> judge_time(const Case& facts, const CpuStories& stories) {
  return Time(facts, stories).judge();
}

std::optional<Verdict> judge_over(const Case& facts) {
  return Over(facts).judge();
}

}  // namespace whyhung::log
