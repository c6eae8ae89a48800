// SPDX-License-Identifier: GPL-2.0-or-later
// ModuleSymbols: the symbols of one loaded module, from the table that the kernel keeps for kallsyms. Where the table
// is comes from struct module (its mod_kallsyms, or symtab and strtab in older kernels), which is read elsewhere.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "debuginfo/memory_window.h"
#include "debuginfo/symbols.h"

namespace whyhung::debuginfo {

struct ModuleSymbolTable {
  std::string module;                   // raw name of the module
  VirtualAddress symbols;               // mod_kallsyms.symtab: Elf64_Sym in the machine's byte order
  std::uint64_t count = 0;              // mod_kallsyms.num_symtab
  VirtualAddress names;                 // mod_kallsyms.strtab
  std::optional<VirtualAddress> types;  // mod_kallsyms.typetab: a letter for each symbol, since v5.2 (1c7651f43777)
  std::vector<VirtualRange> ranges;     // memory of the module that addresses are explained in: text, data, …
};

class ModuleSymbols final : public SymbolSource {
 public:
  // Reads nothing before the first question. `memory` must outlive the object.
  ModuleSymbols(const VirtualMemory& memory, ModuleSymbolTable table);

  std::string description() const override;
  std::vector<Symbol> find_all(std::string_view name, std::size_t limit) override;
  std::optional<SymbolAt> find_covering(VirtualAddress address) override;
  // All symbols in order of addresses.
  std::vector<Symbol> all();
  const std::string& module() const { return table_.module; }
  // Why symbols are missing, if some are: unreadable memory, a count that no module has.
  const std::optional<Error>& problem();

 private:
  struct Entry {
    std::uint64_t address;
    std::uint64_t size;
    std::uint32_t name;  // offset into the names
    char type;
  };
  void load();
  std::string name_of(const Entry& entry);
  Symbol make_symbol(const Entry& entry, std::string name);
  std::uint64_t size_of(const Entry& entry);
  const VirtualRange* range_of(VirtualAddress address) const;

  const VirtualMemory* memory_;
  ModuleSymbolTable table_;
  MemoryWindow names_;
  bool loaded_ = false;
  std::vector<Entry> entries_;  // sorted by address
  std::optional<Error> problem_;
};

}  // namespace whyhung::debuginfo
