// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's log: the lockless ring buffer since v5.10 (896fbe20b4e2, kernel/printk/printk_ringbuffer.h), and the
// record buffer of v3.5 to v5.9 (struct log, later printk_log).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernel/fields.h"

namespace whyhung::kernel {

struct LogEntry {
  std::uint64_t sequence = 0;
  std::uint64_t time = 0;  // ns since boot
  std::uint8_t level = 0;
  std::uint32_t caller = 0;  // PRINTK_CALLER: bit 31 set: CPU number, else thread id; 0: not recorded
  std::string text;          // raw; may hold newlines
};

struct KernelLog {
  std::vector<LogEntry> entries;  // oldest first
  std::string broken;             // why it is not complete; empty: it is
};

// At most the newest `most_entries`.
KernelLog read_kernel_log(const Access& access, std::size_t most_entries);

}  // namespace whyhung::kernel
