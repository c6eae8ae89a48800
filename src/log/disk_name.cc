// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/disk_name.h"

#include <algorithm>
#include <array>

#include "log/scan.h"

namespace whyhung::log {
namespace {

// How the names of a family begin, the family, and whether letters or digits number its units.
struct DiskFamily {
  std::string_view beginning;
  std::string_view family;
  bool letters;
};
constexpr auto kDiskFamilies = std::to_array<DiskFamily>({{"sd", "sd", true},
                                                          {"vd", "vd", true},
                                                          {"xvd", "xvd", true},
                                                          {"hd", "hd", true},
                                                          {"dasd", "dasd", true},
                                                          {"fd", "fd", false},
                                                          {"sr", "sr", false},
                                                          {"nvme", "nvme", false},
                                                          {"mmcblk", "mmc", false},
                                                          {"mmc", "mmc", false},
                                                          {"nbd", "nbd", false},
                                                          {"rbd", "rbd", false},
                                                          {"drbd", "drbd", false},
                                                          {"loop", "loop", false}});

}  // namespace

std::optional<DiskName> disk_name(std::string_view device) {
  std::string_view link = device;
  if (take(link, "ata") && !link.empty() && is_digit(link.front())) return DiskName{"sd", {}};
  for (const DiskFamily& one : kDiskFamilies) {
    std::string_view rest = device;
    if (!take(rest, one.beginning)) continue;
    std::size_t length = 0;
    while (length < rest.size() && (one.letters ? is_alpha(rest[length]) : is_digit(rest[length]))) ++length;
    // Behind it comes a partition or namespace, and no other letter.
    if (length == 0 || length > (one.letters ? 2 : 4)) continue;
    const std::string_view behind = rest.substr(length);
    const bool ends = behind.empty() || is_digit(behind.front()) || behind.front() == 'p' || behind.front() == 'n' ||
                      behind.front() == ':';
    if (ends) return DiskName{one.family, rest.substr(0, length)};
  }
  return std::nullopt;
}

std::optional<DiskName> disk_of_thread(std::string_view comm) {
  for (const std::string_view office : {"jbd2/", "xfsaild/", "xfs-"}) {
    std::string_view rest = comm;
    if (!take(rest, office)) continue;
    if (office == "xfs-") rest = rest.substr(std::min(rest.find('/') + 1, rest.size()));
    return disk_name(rest.substr(0, rest.find('-')));
  }
  return std::nullopt;
}

bool may_be_same(const DiskName& a, const DiskName& b) {
  return a.family == b.family && (a.unit.empty() || b.unit.empty() || a.unit == b.unit);
}

}  // namespace whyhung::log
