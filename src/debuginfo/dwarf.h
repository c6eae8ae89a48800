// SPDX-License-Identifier: GPL-2.0-or-later
// DwarfLines: source lines and inline frames of code addresses, from the DWARF of a vmlinux or module debug file. Only
// the compilation unit of the address is read.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "debuginfo/elf_image.h"

namespace whyhung::debuginfo {

// One function at an address: the innermost inlined one first, the function that has code of its own last.
struct SourceFrame {
  std::string function;  // raw; may be empty when the debug information does not say
  std::string file;      // from the root of the kernel's sources where that can be told ("kernel/sched/core.c")
  int line = 0;          // in an outer frame: where it calls the inner one; 0 when unknown
};

class DwarfLines {
 public:
  // kNotFound when the file has no DWARF; the image must have come from a file. What elfutils makes of a damaged file
  // is its own affair: give only files whose build id is the dump's.
  static Result<std::shared_ptr<DwarfLines>> open(const ElfImage& image, ElfPlacement placement);
  virtual ~DwarfLines() = default;

  // The functions at a run-time address, innermost first; empty when nothing is known. For a return address ask for the
  // address minus one, which lies in the call.
  virtual std::vector<SourceFrame> frames_at(VirtualAddress address) = 0;
};

// A path of a kernel build as people write it: without the directories up to the root of the sources.
std::string source_path(std::string_view path);

}  // namespace whyhung::debuginfo
