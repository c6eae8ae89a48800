// SPDX-License-Identifier: GPL-2.0-or-later
// ExportedSymbols: what the kernel exports to modules, by the table that the module loader uses. Kernels without
// CONFIG_KALLSYMS_ALL name only functions in kallsyms; the variables that a reader of hangs wants most (init_task,
// __per_cpu_offset, nr_cpu_ids, the masks of CPUs) are exported, and so have an entry here.
#pragma once

#include <map>
#include <memory>
#include <span>

#include "base/memory_reader.h"
#include "base/result.h"
#include "debuginfo/symbols.h"

namespace whyhung::debuginfo {

class ExportedSymbols final : public SymbolSource {
 public:
  // Looks for `names` in `image`, in two passes: for their texts, then for a struct kernel_symbol that points to one.
  // An entry is believed when its value is in `image`, and when no other entry gives the name another value. At most 1
  // GB is searched; pages that cannot be read are passed over. kNotFound when no name is found.
  static Result<std::shared_ptr<ExportedSymbols>> find(const VirtualMemory& memory, VirtualRange image,
                                                       std::span<const std::string_view> names);

  std::string description() const override { return "symbols that the kernel exports"; }
  std::vector<Symbol> find_all(std::string_view name, std::size_t limit) override;
  // Too few of them to tell what covers an address.
  std::optional<SymbolAt> find_covering(VirtualAddress) override { return std::nullopt; }

 private:
  explicit ExportedSymbols(std::map<std::string, VirtualAddress, std::less<>> found) : found_(std::move(found)) {}
  std::map<std::string, VirtualAddress, std::less<>> found_;
};

}  // namespace whyhung::debuginfo
