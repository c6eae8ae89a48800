// SPDX-License-Identifier: GPL-2.0-or-later
// The disks of the machine, and the requests that wait in them: from the tags of their queues (block/blk-mq-tag.c).
#pragma once

#include <string>
#include <vector>

#include "commands/command.h"

namespace whyhung::commands {

struct DiskEntry {
  std::uint64_t major = 0;
  std::uint64_t gendisk = 0;
  std::string name;  // raw
  std::uint64_t queue = 0;
};
struct Disks {
  std::vector<DiskEntry> disks;  // in the order in which they were registered
  std::string broken;            // empty: complete
};
// kNotFound where the kernel does not tell how it keeps them.
Result<Disks> all_disks(const Call& call);

struct DiskRequest {
  std::uint64_t address = 0;
  std::uint64_t tag = 0;
  bool is_write = false;
  bool is_in_flight = false;  // the driver has it; else it waits in the scheduler or is done
  std::optional<std::uint64_t> sector, bytes;
  std::optional<std::uint64_t> age_nanoseconds;  // since it was made
};
struct DiskRequests {
  std::vector<DiskRequest> requests;
  std::string broken;     // what could not be read; empty: complete
  bool has_tags = false;  // false: the driver takes bios, of which nobody keeps a list
};
// The requests that hold a tag of the queue. `now`: CLOCK_MONOTONIC of the dump.
DiskRequests requests_of(const Call& call, std::uint64_t queue, const std::optional<std::uint64_t>& now);

}  // namespace whyhung::commands
