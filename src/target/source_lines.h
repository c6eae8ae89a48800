// SPDX-License-Identifier: GPL-2.0-or-later
// Source lines of code addresses, when there is a vmlinux that belongs to the dump: one that the user named, one that
// lies beside the dump, or one that lies where distributions put debug files. Nothing of it is read before the first
// question.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/gap.h"
#include "debuginfo/dwarf.h"
#include "dump/vmcoreinfo.h"

namespace whyhung::target {

class SourceLines {
 public:
  // `path` is the file that the user named; empty: look in `folders`, and by build id and release. A file that is not
  // proven to belong to the dump, whose kernel's memory is `memory`, is refused, and a gap says so if the user named
  // it.
  SourceLines(std::string path, const dump::VmcoreInfo& info, const VirtualMemory& memory, std::vector<Gap>& gaps,
              std::span<const std::string> folders = {});

  bool available() const { return image_ != nullptr; }
  // The vmlinux, or null.
  const std::shared_ptr<debuginfo::ElfImage>& image() const { return image_; }
  const debuginfo::ElfPlacement& placement() const { return placement_; }
  // Why the file that the user named is not used: kUsage when it belongs to another kernel; otherwise it cannot be
  // read.
  const std::optional<Error>& refusal() const { return refusal_; }
  // How the vmlinux was proven to belong to the dump: "same build id".
  const std::string& proof() const { return proof_; }
  // Functions at an address, innermost inlined one first; empty when nothing is known.
  std::vector<debuginfo::SourceFrame> at(VirtualAddress address);

 private:
  std::shared_ptr<debuginfo::ElfImage> image_;
  debuginfo::ElfPlacement placement_;
  std::string proof_;
  std::optional<Error> refusal_;
  std::shared_ptr<debuginfo::DwarfLines> lines_;
  bool tried_ = false;
};

}  // namespace whyhung::target
