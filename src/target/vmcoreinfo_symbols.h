// SPDX-License-Identifier: GPL-2.0-or-later
// The symbols that VMCOREINFO names, as a source: some kernels' kallsyms hold functions only.
#pragma once

#include "debuginfo/symbols.h"
#include "dump/vmcoreinfo.h"

namespace whyhung::target {

class VmcoreinfoSymbols final : public debuginfo::SymbolSource {
 public:
  explicit VmcoreinfoSymbols(dump::VmcoreInfo info) : info_(std::move(info)) {}
  std::string description() const override { return "VMCOREINFO"; }
  std::vector<debuginfo::Symbol> find_all(std::string_view name, std::size_t limit) override {
    const auto address = info_.symbol(name);
    if (!address || limit == 0) return {};
    return {debuginfo::Symbol{std::string(name), *address, 0, {}, 0}};
  }
  // Too few of them to tell what covers an address.
  std::optional<debuginfo::SymbolAt> find_covering(VirtualAddress) override { return std::nullopt; }

 private:
  dump::VmcoreInfo info_;
};

}  // namespace whyhung::target
