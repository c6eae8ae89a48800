// SPDX-License-Identifier: GPL-2.0-or-later
// Facts about the whole machine: its names, clocks, load, memory, and whether it panicked.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "kernel/fields.h"

namespace whyhung::kernel {

struct UtsName {
  std::string node_name, release, version, machine;  // raw
};
// init_uts_ns.name (include/uapi/linux/utsname.h: six fields of 65 bytes); nothing when it cannot be read.
std::optional<UtsName> read_uts_name(const Access& access);

struct Clocks {
  std::optional<std::int64_t> wall_seconds;            // of the last timekeeping update
  std::optional<std::uint64_t> uptime_seconds;         // CLOCK_MONOTONIC of the same moment
  std::optional<std::uint64_t> monotonic_nanoseconds;  // the same, in full
};
Clocks read_clocks(const Access& access);

// avenrun: the three load averages in hundredths.
std::vector<std::uint64_t> read_load_average(const Access& access);

// Bytes of memory that the kernel was given: present pages of all nodes.
std::optional<std::uint64_t> read_memory_bytes(const Access& access, std::uint64_t page_size);

// The processors' nominal frequency, where the kernel keeps it (x86: cpu_khz).
std::optional<std::uint64_t> read_megahertz(const Access& access);

// The CPU that entered panic() first, or that started the crash kernel; nothing when nobody panicked.
std::optional<std::uint32_t> read_panic_cpu(const Access& access, std::size_t cpu_count);

}  // namespace whyhung::kernel
