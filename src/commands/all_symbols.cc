// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/all_symbols.h"

#include <algorithm>

namespace whyhung::commands {
namespace {

constexpr std::size_t kMostSymbols = 1u << 21;
constexpr std::uint64_t kSmallestStep = 1;
constexpr std::uint64_t kGap = 16;  // between symbols, where a part of a module has no name

// From symbol to symbol; false when no more are wanted.
bool visit_range(debuginfo::SymbolSource& symbols, VirtualRange range,
                 const std::function<bool(const debuginfo::Symbol&)>& visit) {
  std::size_t steps = 0;
  VirtualAddress last(0);
  for (VirtualAddress at = range.begin; at < range.end && steps < kMostSymbols; ++steps) {
    const auto found = symbols.find_covering(at);
    if (!found) {
      at = at + kGap;
      continue;
    }
    const VirtualAddress begin = found->symbol.address;
    if (begin != last && !debuginfo::is_mark(found->symbol.name) && !visit(found->symbol)) return false;
    last = begin;
    const VirtualAddress behind = begin + std::max(found->symbol.size, kSmallestStep);
    at = std::max(behind, at + kSmallestStep);
  }
  return true;
}

}  // namespace

void visit_symbols(collect::Workbench& machine, const std::function<bool(const debuginfo::Symbol&)>& visit) {
  auto& symbols = machine.access.symbols;
  auto begin = symbols.address_of("_text");
  if (const auto first = symbols.address_of("_stext"); first && (!begin || *first < *begin)) begin = first;
  const auto end = symbols.address_of("_end");
  if (begin && !visit_range(symbols, {*begin, end.value_or(*begin + (1u << 27))}, visit)) return;
  for (const kernel::LoadedModule& module : machine.modules) {
    for (const VirtualRange& range : module.ranges) {
      if (!visit_range(symbols, range, visit)) return;
    }
  }
}

}  // namespace whyhung::commands
