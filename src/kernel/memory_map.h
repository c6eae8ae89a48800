// SPDX-License-Identifier: GPL-2.0-or-later
// struct mm_struct (include/linux/mm_types.h), as far as `ps` shows it: sizes of a process.
#pragma once

#include "kernel/fields.h"
#include "kernel/percpu.h"

namespace whyhung::kernel {

struct MemoryUse {
  std::uint64_t virtual_pages = 0;
  std::uint64_t resident_pages = 0;
};

class MemoryMapView {
 public:
  static MemoryMapView bind(Binder& binder);
  // Sizes of the address space at `mm`; nothing when it cannot be read.
  std::optional<MemoryUse> use(const Access& access, const PerCpu& percpu, VirtualAddress mm) const;

 private:
  Field total_pages_;
  Field resident_;  // an array of counters: file, anonymous, swap entries, shared memory
  Field per_cpu_count_, per_cpu_parts_;
  std::uint64_t counter_size_ = 0;
};

}  // namespace whyhung::kernel
