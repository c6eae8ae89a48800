// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/memory_map.h"

namespace whyhung::kernel {

MemoryMapView MemoryMapView::bind(Binder& binder) {
  MemoryMapView view;
  view.total_pages_ = binder.optional("mm_struct", {"total_vm"});
  // v6.2 (f1a7941243c1): rss_stat is an array of percpu_counter; before, a structure with an array of atomic_long_t.
  view.resident_ = binder.optional("mm_struct", {"rss_stat.count", "rss_stat"});
  view.counter_size_ = view.resident_.element_size();
  view.per_cpu_count_ = binder.optional("percpu_counter", {"count"});
  view.per_cpu_parts_ = binder.optional("percpu_counter", {"counters"});
  return view;
}

std::optional<MemoryUse> MemoryMapView::use(const Access& access, const PerCpu& percpu, VirtualAddress mm) const {
  const auto total = total_pages_.read(access.memory, mm);
  if (!total) return std::nullopt;
  MemoryUse use{*total, 0};
  if (!resident_.exists() || counter_size_ < 8) return use;
  std::uint64_t pages = 0;  // adds up modulo 2^64: single counters may be negative
  // MM_FILEPAGES, MM_ANONPAGES, MM_SHMEMPAGES; MM_SWAPENTS between them is not resident.
  for (const std::uint64_t kind : {0, 1, 3}) {
    if (kind >= resident_.element_count()) continue;
    const VirtualAddress counter = resident_.in(mm) + kind * counter_size_;
    if (counter_size_ == 8) {
      pages += access.memory.read_u64(counter).value_or(0);
      continue;
    }
    pages += static_cast<std::uint64_t>(per_cpu_count_.read_signed(access.memory, counter).value_or(0));
    const auto parts = per_cpu_parts_.read_pointer(access.memory, counter);
    if (!parts || parts->is_null()) continue;
    for (const std::uint32_t cpu : percpu.possible()) {
      const auto part = access.memory.read_u32(percpu.instance(*parts, cpu));
      if (part) pages += static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(*part)});
    }
  }
  if (static_cast<std::int64_t>(pages) > 0) use.resident_pages = pages;
  return use;
}

}  // namespace whyhung::kernel
