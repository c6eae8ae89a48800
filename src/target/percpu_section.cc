// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/percpu_section.h"

#include <array>

namespace whyhung::target {
namespace {

// Exported by kernels of one machine or another.
constexpr std::array<std::string_view, 5> kExported = {"irq_stat", "__irq_regs", "cpu_number", "kstat", "numa_node"};

}  // namespace

PerCpuSection::PerCpuSection(debuginfo::SymbolSource& known, debuginfo::TypeSource& types) : types_(types) {
  for (const std::string_view name : kExported) {
    const auto address = known.address_of(name);
    const auto offset = address ? types.per_cpu_offset(name) : std::nullopt;
    if (!offset) continue;
    const VirtualAddress base = *address - *offset;
    // Two that disagree prove that one of them is not what it looks like.
    if (base_ && *base_ != base) {
      base_.reset();
      return;
    }
    base_ = base;
  }
}

std::vector<debuginfo::Symbol> PerCpuSection::find_all(std::string_view name, std::size_t limit) {
  if (!base_ || limit == 0) return {};
  const auto offset = types_.per_cpu_offset(name);
  if (!offset) return {};
  return {debuginfo::Symbol{std::string(name), *base_ + *offset, 0, {}, 0}};
}

}  // namespace whyhung::target
