// SPDX-License-Identifier: GPL-2.0-or-later
// The file of distilled types that belongs to the dump: one that the user named, one of a folder that he named, or one
// of the folders where such files are kept.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/gap.h"
#include "base/memory_reader.h"
#include "debuginfo/distilled.h"
#include "dump/vmcoreinfo.h"

namespace whyhung::target {

class TypesFile {
 public:
  // `path` is a file or a folder; empty: look in the usual folders. What the user named and cannot be used becomes a
  // gap; of the usual folders nothing is said.
  TypesFile(const std::string& path, const dump::VmcoreInfo& info, const VirtualMemory& memory, std::vector<Gap>& gaps);

  bool available() const { return file_ != nullptr; }
  // Why what the user named is not used: kUsage when it belongs to another kernel; otherwise it cannot be read.
  const std::optional<Error>& refusal() const { return refusal_; }
  // Only when there is one.
  std::shared_ptr<debuginfo::TypeSource> types() const;
  std::shared_ptr<debuginfo::SymbolSource> symbols() const;

 private:
  Result<void> use(const std::string& path, const dump::VmcoreInfo& info, const VirtualMemory& memory);
  bool search(const std::string& folder, const dump::VmcoreInfo& info, const VirtualMemory& memory);

  std::shared_ptr<const debuginfo::DistilledFile> file_;
  std::string proof_;
  std::optional<Error> refusal_;
  std::uint64_t slide_ = 0;
};

}  // namespace whyhung::target
