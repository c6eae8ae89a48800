// SPDX-License-Identifier: GPL-2.0-or-later
// Per-CPU variables of kernels whose symbol table does not name them: the types say where each lies in the per-CPU
// section, and one variable whose address is known says where the section is.
#pragma once

#include <optional>

#include "debuginfo/symbols.h"
#include "debuginfo/type_source.h"

namespace whyhung::target {

class PerCpuSection final : public debuginfo::SymbolSource {
 public:
  // Both must outlive the source. `known` is asked for the addresses of exported per-CPU variables.
  PerCpuSection(debuginfo::SymbolSource& known, debuginfo::TypeSource& types);
  // False when no variable is known by both.
  bool found() const { return base_.has_value(); }

  std::string description() const override { return "the kernel's types"; }
  std::vector<debuginfo::Symbol> find_all(std::string_view name, std::size_t limit) override;
  std::optional<debuginfo::SymbolAt> find_covering(VirtualAddress) override { return std::nullopt; }

 private:
  debuginfo::TypeSource& types_;
  std::optional<VirtualAddress> base_;
};

}  // namespace whyhung::target
