// SPDX-License-Identifier: GPL-2.0-or-later
#include "debuginfo/symbols.h"

#include <algorithm>
#include <iterator>

namespace whyhung::debuginfo {

bool is_mark(std::string_view name) {
  if (name.empty()) return true;
  // $x, $d, $t, $a and the same with a dot and more behind, on riscv64 with the name of the instruction set; labels
  // that are local to a file, which riscv64's linker needs (include/linux/module_symbol.h: is_mapping_symbol).
  if (name[0] == '$' && name.size() >= 2 && (name.size() == 2 || name[2] == '.')) return true;
  if (name.starts_with("$xrv") || name.starts_with(".L")) return true;
  return name.starts_with("__UNIQUE_ID") || name.starts_with("__pfx_") || name.starts_with("__cfi_");
}

unsigned alias_penalty(std::string_view name) {
  if (is_mark(name)) return 3;
  if (name.front() == '.') return 2;
  return name.starts_with("__") ? 1 : 0;
}

std::string SymbolChain::description() const {
  std::string text;
  for (const auto& source : sources_) {
    if (!text.empty()) text += ", then ";
    text += source->description();
  }
  return text.empty() ? "no source of symbols" : text;
}

void SymbolChain::prepare(std::span<const std::string_view> names) {
  // The kernel's table is the large one; those of modules are read when something in them is asked for.
  if (!sources_.empty()) sources_.front()->prepare(names);
}

std::vector<Symbol> SymbolChain::find_all(std::string_view name, std::size_t limit) {
  std::vector<Symbol> all;
  for (const auto& source : sources_) {
    if (all.size() >= limit) break;
    auto some = source->find_all(name, limit - all.size());
    all.insert(all.end(), std::move_iterator(some.begin()), std::move_iterator(some.end()));
  }
  std::stable_sort(all.begin(), all.end(), [](const Symbol& a, const Symbol& b) { return a.address < b.address; });
  return all;
}

std::optional<SymbolAt> SymbolChain::find_covering(VirtualAddress address) {
  std::optional<SymbolAt> nearest;
  for (const auto& source : sources_) {
    auto found = source->find_covering(address);
    if (found && (!nearest || found->offset < nearest->offset)) nearest = std::move(found);
  }
  return nearest;
}

}  // namespace whyhung::debuginfo
