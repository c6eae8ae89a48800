// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/cpu_picture.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "report/brief.h"
#include "report/victims.h"

namespace whyhung::report {
namespace {

using diagnose::CpuBucket;

constexpr std::size_t kMostRows = 64;
constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kShortest = 5 * kSecond;
constexpr std::uint64_t kLongest = 600 * kSecond;
// watchdog_touch_ts and its like count units of 2^30 ns.
constexpr unsigned kWatchdogShift = 30;

std::optional<std::uint64_t> age_of(const model::Machine& machine, const std::optional<std::uint64_t>& when) {
  if (!when || !machine.clock || *when > *machine.clock) return std::nullopt;
  return *machine.clock - *when;
}

class Maker {
 public:
  Maker(const model::Index& index, const diagnose::Diagnosis& diagnosis)
      : index_(index), machine_(index.snapshot().machine), diagnosis_(diagnosis) {}

  CpuPicture make() {
    const auto& cpus = index_.snapshot().cpus;
    std::vector<std::size_t> chosen(cpus.size());
    for (std::size_t i = 0; i < chosen.size(); ++i) chosen[i] = i;
    // Where there is no room for all, those that matter are shown.
    std::ranges::stable_sort(chosen, {}, [&](std::size_t at) { return bucket(at); });
    std::map<CpuBucket, std::size_t> others;
    while (chosen.size() > kMostRows) {
      ++others[bucket(chosen.back())];
      chosen.pop_back();
    }
    std::ranges::sort(chosen);
    for (const std::size_t at : chosen) add(cpus[at], at);
    for (const auto& [which, count] : others) {
      picture_.others +=
          fmt::format("{}{} {}", picture_.others.empty() ? "" : ", ", count, bucket_words(which, count != 1));
    }
    picture_.span = span();
    return std::move(picture_);
  }

 private:
  CpuBucket bucket(std::size_t at) const {
    const auto& buckets = diagnosis_.accounting.cpu_buckets;
    return at < buckets.size() ? buckets[at] : CpuBucket::kUnknown;
  }

  void add(const model::Cpu& cpu, std::size_t at) {
    CpuPicture::Row& row = picture_.rows.emplace_back();
    row.cpu = cpu.number;
    row.bucket = bucket(at);
    if (at < diagnosis_.liveness.size()) row.lives = diagnosis_.liveness[at];
    if (const model::Task* task = index_.task(cpu.task)) {
      row.task = brief_task(task->comm, task->pid);
      row.held = age_of(machine_, task->last_arrival);
    }
    if (cpu.activity && *cpu.activity < cpu.contexts.size()) {
      const std::uint32_t first = cpu.contexts[*cpu.activity].first_frame;
      if (first < cpu.stack.frames.size()) {
        const model::CodeLocation& location = index_.snapshot().location(cpu.stack.frames[first]);
        row.place = brief_place(location.function, location.module);
      }
    }
    if (cpu.watchdog.touch_seconds && *cpu.watchdog.touch_seconds != 0) {
      row.watchdog = age_of(machine_, *cpu.watchdog.touch_seconds << kWatchdogShift);
    }
    const bool ticks = row.bucket == CpuBucket::kCulprit || row.bucket == CpuBucket::kVictim;
    if (ticks) row.silent = age_of(machine_, cpu.runqueue.clock);
  }

  // As far back as the one that has been held longest.
  std::uint64_t span() const {
    std::uint64_t longest = 0;
    for (const CpuPicture::Row& row : picture_.rows) {
      if (row.bucket == CpuBucket::kCulprit || row.bucket == CpuBucket::kVictim) {
        longest = std::max({longest, row.held.value_or(0), row.watchdog.value_or(0)});
      }
    }
    return std::clamp(longest + longest / 8, kShortest, kLongest);
  }

  const model::Index& index_;
  const model::Machine& machine_;
  const diagnose::Diagnosis& diagnosis_;
  CpuPicture picture_;
};

}  // namespace

CpuPicture picture_cpus(const model::Index& index, const diagnose::Diagnosis& diagnosis) {
  return Maker(index, diagnosis).make();
}

}  // namespace whyhung::report
