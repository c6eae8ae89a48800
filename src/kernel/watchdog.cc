// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/watchdog.h"

namespace whyhung::kernel {
namespace {

// A value that was unsigned long and became a 32-bit type (hrtimer_interrupts: atomic_t since v6.5). It never grows
// beyond 32 bits; on a little-endian machine its low half lies at the same address either way.
std::optional<std::uint64_t> low_half(const Access& access, const PerCpu& percpu, std::uint32_t cpu,
                                      std::string_view variable) {
  const auto address = percpu.find(variable, cpu);
  if (!address || access.memory.byte_order() != ByteOrder::kLittle) return std::nullopt;
  const auto value = access.memory.read_u32(*address);
  if (!value) return std::nullopt;
  return *value;
}

}  // namespace

WatchdogNotes read_watchdog(const Access& access, const PerCpu& percpu, std::uint32_t cpu) {
  WatchdogNotes notes;
  if (const auto address = percpu.find("watchdog_touch_ts", cpu)) {
    if (const auto value = access.memory.read_u64(*address)) notes.touched = *value;
  }
  notes.timer_interrupts = low_half(access, percpu, cpu, "hrtimer_interrupts");
  notes.timer_interrupts_seen = low_half(access, percpu, cpu, "hrtimer_interrupts_saved");
  return notes;
}

std::optional<std::uint64_t> watchdog_threshold(const Access& access) {
  const auto symbol = access.symbols.address_of("watchdog_thresh");
  if (!symbol) return std::nullopt;
  const auto value = access.memory.read_u32(*symbol);
  if (!value) return std::nullopt;
  return *value;
}

std::optional<std::uint64_t> hung_task_timeout(const Access& access) {
  const auto symbol = access.symbols.address_of("sysctl_hung_task_timeout_secs");
  if (!symbol) return std::nullopt;
  const auto seconds = access.memory.read_u64(*symbol);
  return seconds ? std::optional(*seconds) : std::nullopt;
}

}  // namespace whyhung::kernel
