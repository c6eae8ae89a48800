// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/file_paths.h"

#include <fmt/format.h>

#include "base/text.h"
#include "commands/object.h"

namespace whyhung::commands {
namespace {

constexpr unsigned kMostSteps = 256;  // names in a path, and mounts on each other
constexpr std::size_t kLongestName = 256;

}  // namespace

std::string path_of(const Call& call, std::uint64_t dentry, std::uint64_t vfsmount) {
  const auto inner = call.machine().access.types.member("mount", "mnt");
  std::string path;
  for (unsigned step = 0; step < kMostSteps && dentry != 0; ++step) {
    const Object entry(call, "dentry", dentry);
    const auto parent = entry.pointer({"d_parent"});
    const auto root = Object(call, "vfsmount", vfsmount).pointer({"mnt_root"});
    const bool is_root = !parent || *parent == dentry || (root && *root == dentry);
    if (!is_root) {
      const auto name = entry.text({"d_name.name"});
      path.insert(0, fmt::format("/{}", name ? name->substr(0, kLongestName) : "?"));
      dentry = *parent;
      continue;
    }
    // The root of a file system: on from the place that it is mounted on.
    if (vfsmount == 0 || !inner) break;
    const Object mount(call, "mount", vfsmount - inner->offset);
    const auto above = mount.pointer({"mnt_parent"});
    const auto place = mount.pointer({"mnt_mountpoint"});
    if (!above || !place || *above == mount.address()) break;
    dentry = *place;
    vfsmount = *above + inner->offset;
  }
  return path.empty() ? "/" : printable(path);
}

std::string_view file_kind(std::uint64_t mode) {
  switch (mode >> 12 & 0xf) {
    case 0x1: return "FIFO";
    case 0x2: return "CHR";
    case 0x4: return "DIR";
    case 0x6: return "BLK";
    case 0x8: return "REG";
    case 0xa: return "LNK";
    case 0xc: return "SOCK";
    default: return "UNKN";
  }
}

}  // namespace whyhung::commands
