// SPDX-License-Identifier: GPL-2.0-or-later
// Paths of files as processes see them: from a dentry up to the root of its file system, and on from where that is
// mounted.
#pragma once

#include <cstdint>
#include <string>

#include "commands/command.h"

namespace whyhung::commands {

// "/dev/console" of a dentry in a mount; "?" for a part that cannot be read. `mount` is the struct vfsmount, 0:
// unknown.
std::string path_of(const Call& call, std::uint64_t dentry, std::uint64_t mount);
// "REG", "DIR", "CHR" …: what an i_mode says.
std::string_view file_kind(std::uint64_t mode);

}  // namespace whyhung::commands
