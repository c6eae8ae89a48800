// SPDX-License-Identifier: GPL-2.0-or-later
// Types from the DWARF of a vmlinux or module debug file: for kernels that carry no BTF. Every source file of a kernel
// describes the types it uses anew, so the caller names the files whose descriptions are to be searched first; the
// others are searched only for what is in none of these.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "debuginfo/elf_image.h"
#include "debuginfo/layout_reader.h"

namespace whyhung::debuginfo {

// `first_files` are ends of source paths, "kernel/sched/core.c", in the order of the search. kNotFound when the file
// has no DWARF; the image must have come from a file. What elfutils makes of a damaged file is its own affair: give
// only files whose build id is the dump's.
Result<std::shared_ptr<GraphSource>> open_dwarf_types(std::shared_ptr<const ElfImage> image,
                                                      std::vector<std::string> first_files, std::string description);

}  // namespace whyhung::debuginfo
