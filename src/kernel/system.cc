// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/system.h"

#include <algorithm>

namespace whyhung::kernel {
namespace {

constexpr std::size_t kUtsField = 65;     // __NEW_UTS_LEN + 1
constexpr std::uint64_t kLoadShift = 11;  // FSHIFT
constexpr std::uint64_t kMostNodes = 4096;
constexpr std::int64_t kYear2000 = 946684800;
constexpr std::int64_t kYear2200 = 7258118400;

bool is_plausible(const ReadResult<std::int64_t>& wall) {
  return wall && *wall > kYear2000 && *wall < kYear2200;
}

// struct timekeeper of the system clock. It is the second member of tk_core, behind a sequence counter, and of the
// first element of timekeeper_data in newer kernels; v3.10 to v3.15: a variable of its own.
std::optional<VirtualAddress> find_timekeeper(const Access& access, const Field& wall) {
  for (const std::string_view name : {"tk_core", "timekeeper_data", "timekeeper"}) {
    const auto symbol = access.symbols.address_of(name);
    if (!symbol) continue;
    constexpr std::uint64_t kBehindCounter = 8;
    for (const std::uint64_t offset : {name == "timekeeper" ? 0 : kBehindCounter, std::uint64_t{0}}) {
      if (is_plausible(wall.read_signed(access.memory, *symbol + offset))) return *symbol + offset;
    }
    Binder binder(access.types);
    const Field in_data = binder.optional("tk_data", {"timekeeper"});
    if (in_data.exists()) return in_data.in(*symbol);
  }
  return std::nullopt;
}

// Without types: what comes before the names is a reference count, in some kernels a pointer too.
std::optional<VirtualAddress> find_new_utsname(const VirtualMemory& memory, VirtualAddress name_space) {
  for (const std::uint64_t offset : {0u, 4u, 8u, 16u, 24u}) {
    const auto system = memory.read_c_string(name_space + offset, kUtsField);
    const auto release = memory.read_c_string(name_space + offset + 2 * kUtsField, kUtsField);
    const bool has_number = release && !release->empty() && release->front() >= '1' && release->front() <= '9';
    if (system && *system == "Linux" && has_number) return name_space + offset;
  }
  return std::nullopt;
}

}  // namespace

std::optional<UtsName> read_uts_name(const Access& access) {
  const auto name_space = access.symbols.address_of("init_uts_ns");
  if (!name_space) return std::nullopt;
  Binder binder(access.types);
  const Field name = binder.optional("uts_namespace", {"name"});
  const auto base = name.exists() ? std::optional(name.in(*name_space)) : find_new_utsname(access.memory, *name_space);
  if (!base) return std::nullopt;
  const auto text = [&](std::size_t index) {
    const auto value = access.memory.read_c_string(*base + index * kUtsField, kUtsField);
    return value ? *value : std::string();
  };
  if (text(0).empty()) return std::nullopt;
  return UtsName{text(1), text(2), text(3), text(4)};
}

Clocks read_clocks(const Access& access) {
  Clocks clocks;
  Binder binder(access.types);
  const Field wall_field = binder.optional("timekeeper", {"xtime_sec"});
  const auto timekeeper = find_timekeeper(access, wall_field);
  if (!timekeeper) return clocks;
  const auto wall = wall_field.read_signed(access.memory, *timekeeper);
  if (is_plausible(wall)) clocks.wall_seconds = *wall;
  const auto uptime = binder.optional("timekeeper", {"ktime_sec"}).read(access.memory, *timekeeper);
  if (uptime && clocks.wall_seconds) clocks.uptime_seconds = *uptime;
  // v3.17 (d28ede837910): the clock as it is read.
  const auto base = binder.optional("timekeeper", {"tkr_mono.base"}).read(access.memory, *timekeeper);
  const auto fraction = binder.optional("timekeeper", {"tkr_mono.xtime_nsec"}).read(access.memory, *timekeeper);
  const auto shift = binder.optional("timekeeper", {"tkr_mono.shift"}).read(access.memory, *timekeeper);
  if (clocks.wall_seconds && base && fraction && shift && *shift < 64) {
    clocks.monotonic_nanoseconds = *base + (*fraction >> *shift);
  }
  return clocks;
}

std::vector<std::uint64_t> read_load_average(const Access& access) {
  std::vector<std::uint64_t> loads;
  const auto symbol = access.symbols.address_of("avenrun");
  for (std::uint64_t i = 0; symbol && i < 3; ++i) {
    const auto value = access.memory.read_u64(*symbol + i * 8);
    if (!value) return {};
    // Rounded to hundredths as /proc/loadavg does it.
    loads.push_back(((*value + (1ull << kLoadShift) / 200) * 100) >> kLoadShift);
  }
  return loads;
}

std::optional<std::uint64_t> read_memory_bytes(const Access& access, std::uint64_t page_size) {
  Binder binder(access.types);
  const Field present = binder.optional("pglist_data", {"node_present_pages"});
  const auto nodes = access.symbols.address_of("node_data");
  std::uint64_t count = 1;
  if (const auto symbol = access.symbols.address_of("nr_node_ids")) {
    const auto value = access.memory.read_u32(*symbol);
    if (value) count = std::clamp<std::uint64_t>(*value, 1, kMostNodes);
  }
  std::uint64_t pages = 0;
  for (std::uint64_t i = 0; nodes && i < count; ++i) {
    const auto node = access.memory.read_pointer(*nodes + i * 8);
    if (!node || node->is_null()) continue;
    const auto here = present.read(access.memory, *node);
    if (here) pages += *here;
  }
  if (pages == 0) {
    // v5.0 (ca79b0c211af): _totalram_pages; before, totalram_pages.
    auto total = access.symbols.address_of("_totalram_pages");
    if (!total) total = access.symbols.address_of("totalram_pages");
    const auto value = total ? access.memory.read_u64(*total) : ReadResult<std::uint64_t>(0);
    if (value) pages = *value;
  }
  if (pages == 0 || page_size == 0 || pages > (1ull << 48) / page_size * 16) return std::nullopt;
  return pages * page_size;
}

std::optional<std::uint64_t> read_megahertz(const Access& access) {
  const auto symbol = access.symbols.address_of("cpu_khz");
  if (!symbol) return std::nullopt;
  const auto value = access.memory.read_u32(*symbol);
  if (!value || *value < 1000) return std::nullopt;
  return *value / 1000;
}

std::optional<std::uint32_t> read_panic_cpu(const Access& access, std::size_t cpu_count) {
  for (const std::string_view name : {"panic_cpu", "crashing_cpu"}) {
    const auto symbol = access.symbols.address_of(name);
    if (!symbol) continue;
    const auto value = access.memory.read_u32(*symbol);
    if (value && *value < cpu_count) return *value;  // PANIC_CPU_INVALID and "none yet" are −1
  }
  return std::nullopt;
}

}  // namespace whyhung::kernel
