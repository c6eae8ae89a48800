// SPDX-License-Identifier: GPL-2.0-or-later
// Names of disks in what drivers say and in the names of threads that serve one file system. They tell whether two of
// them can be the same disk.
#pragma once

#include <optional>
#include <string_view>

namespace whyhung::log {

// "sda2" is unit "a" of the family "sd", "nvme0n1p2" is unit "0" of "nvme". An ATA link has a disk "sd", and which is
// not known: its unit is empty.
struct DiskName {
  std::string_view family;
  std::string_view unit;
};

// Nothing for what is made of other disks (dm-0, md127, bcache0) or is none.
std::optional<DiskName> disk_name(std::string_view device);

// The disk in the name of a thread: "jbd2/sda2-8", "xfsaild/nvme1n1".
std::optional<DiskName> disk_of_thread(std::string_view comm);

bool may_be_same(const DiskName& a, const DiskName& b);

}  // namespace whyhung::log
