// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/episodes.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace whyhung::log {
namespace {

// What hangs on is reported again within this time: a blocked task at each check, a CPU and a grace period sooner.
constexpr double kQuietBetween = 400;
constexpr std::size_t kReportsInAll = 10;  // of hung_task, then it is silent

struct Sign {
  double time = 0;
  double onset = 0;
  std::size_t index = 0;
  bool complains = true;  // and was not only asked for
};

// Empty when one of them has no time.
std::vector<Sign> signs_of(const Events& events) {
  std::vector<Sign> signs;
  bool timed = true;
  const auto add = [&](const Where& at, double age, bool complains) {
    timed &= at.time.has_value();
    if (at.time) signs.push_back({*at.time, *at.time - age, at.index, complains});
  };
  for (const HungTask& one : events.hung) add(one.at, static_cast<double>(one.seconds), true);
  for (const Lockup& one : events.lockups) add(one.at, static_cast<double>(one.seconds.value_or(10)), true);
  for (const Stall& one : events.stalls) add(one.at, 60, true);
  for (const DeafCall& one : events.calls) add(one.at, static_cast<double>(one.nanoseconds) / 1e9, true);
  for (const PoolLockup& one : events.pool_lockups) add(one.at, static_cast<double>(one.seconds), true);
  for (const SpinReport& one : events.spins) add(one.at, 0, true);
  for (const Dump& one : events.dumps) {
    const bool asked_for = one.origin == DumpOrigin::kBlocked || one.origin == DumpOrigin::kAllTasks ||
                           one.origin == DumpOrigin::kNmi || one.origin == DumpOrigin::kFreezer;
    if (asked_for) add(one.at, 0, false);
  }
  if (!timed) return {};
  std::ranges::stable_sort(signs, {}, &Sign::index);
  return signs;
}

// Up to where silence does not mean that it was over: reports that come once, or hardly ever.
std::size_t end_of_unclear(const Events& events) {
  std::size_t end = 0;
  const auto keep = [&](const Where& at) { end = std::max(end, at.index); };
  if (events.hung.size() >= kReportsInAll) keep(events.hung[kReportsInAll - 1].at);
  for (const Lockup& one : events.lockups) {
    if (one.hard && !one.ended) keep(one.at);
  }
  for (const Stall& one : events.stalls) {
    if (one.of_tasks) keep(one.at);
  }
  for (const Note& one : events.notes) {
    const bool unclear = one.kind == NoteKind::kHung10 || one.kind == NoteKind::kGracePeriodOld ||
                         one.kind == NoteKind::kDeviceKept || one.kind == NoteKind::kOops ||
                         one.kind == NoteKind::kPanic || one.kind == NoteKind::kHangPanic;
    if (unclear) keep(one.at);
  }
  return end;
}

}  // namespace

std::optional<std::size_t> begin_of_last_episode(const Events& events) {
  const std::vector<Sign> signs = signs_of(events);
  const std::size_t unclear = end_of_unclear(events);
  std::vector<double> newest_before;  // of the signs up to each
  newest_before.reserve(signs.size());
  for (const Sign& sign : signs)
    newest_before.push_back(newest_before.empty() ? sign.time : std::max(newest_before.back(), sign.time));
  double earliest = std::numeric_limits<double>::infinity();
  bool complains = false;
  for (std::size_t i = signs.size(); i-- > 1;) {
    if (signs[i].index <= unclear) break;
    earliest = std::min(earliest, signs[i].onset);
    complains |= signs[i].complains;
    if (complains && earliest > newest_before[i - 1] + kQuietBetween) return signs[i].index;
  }
  return std::nullopt;
}

}  // namespace whyhung::log
