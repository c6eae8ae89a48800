// SPDX-License-Identifier: GPL-2.0-or-later
// What each CPU did in the last seconds: who has it since when, when its watchdog ran, what it still lets happen.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "diagnose/diagnose.h"
#include "model/index.h"

namespace whyhung::report {

struct CpuPicture {
  struct Row {
    std::uint32_t cpu = 0;
    diagnose::CpuBucket bucket = diagnose::CpuBucket::kUnknown;
    std::string task;                       // empty: not known
    std::string place;                      // a sentence with marks: the function; empty: not known
    std::optional<std::uint64_t> held;      // ns for which the task has had it
    std::optional<std::uint64_t> watchdog;  // ns since the watchdog ran
    std::optional<std::uint64_t> silent;    // ns since it took its last tick, where it should take them
    diagnose::CpuLiveness lives;
  };
  std::vector<Row> rows;   // ascending number
  std::string others;      // the rest, counted; empty: there are none
  std::uint64_t span = 0;  // ns before the dump that are shown
};

CpuPicture picture_cpus(const model::Index& index, const diagnose::Diagnosis& diagnosis);

}  // namespace whyhung::report
