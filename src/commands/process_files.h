// SPDX-License-Identifier: GPL-2.0-or-later
// What a process has open and mapped.
#pragma once

#include <string>
#include <vector>

#include "commands/object.h"

namespace whyhung::commands {

struct OpenFile {
  std::uint64_t descriptor = 0;
  std::uint64_t file = 0;
};
// The table of descriptors; empty with a reason when it cannot be read.
std::vector<OpenFile> open_files(const Call& call, const model::Task& task, std::string& why);

// The mappings of a process, in order of addresses: each a struct vm_area_struct.
std::vector<std::uint64_t> mappings_of(const Call& call, const Object& mm, std::string& broken);

}  // namespace whyhung::commands
