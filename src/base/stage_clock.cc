// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/stage_clock.h"

#include <sys/resource.h>
#include <time.h>

namespace whyhung {
namespace {

std::uint64_t now(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace

void StageClock::enter(std::string_view name) {
  const std::uint64_t cpu = now(CLOCK_PROCESS_CPUTIME_ID);
  const std::uint64_t wall = now(CLOCK_MONOTONIC);
  if (running_) {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    stages_.back().cpu_nanoseconds = cpu - cpu_at_start_;
    stages_.back().wall_nanoseconds = wall - wall_at_start_;
    stages_.back().peak_resident_kilobytes = static_cast<std::uint64_t>(usage.ru_maxrss);
  }
  running_ = !name.empty();
  if (!running_) return;
  stages_.push_back({std::string(name), 0, 0, 0});
  cpu_at_start_ = cpu;
  wall_at_start_ = wall;
  if (announce_) announce_(name);
}

}  // namespace whyhung
