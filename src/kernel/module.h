// SPDX-License-Identifier: GPL-2.0-or-later
// Loaded modules: struct module (include/linux/module.h), their memory, symbol tables and unwind tables.
#pragma once

#include <string>
#include <vector>

#include "kernel/fields.h"

namespace whyhung::kernel {

struct LoadedModule {
  VirtualAddress address;            // struct module
  std::string name;                  // raw
  std::int64_t state = 0;            // MODULE_STATE_LIVE 0, COMING 1, GOING 2, UNFORMED 3
  std::vector<VirtualRange> ranges;  // all memory of the module; the first that is not empty is its text
  VirtualRange text;
  VirtualAddress symbol_table;  // Elf64_Sym[]; null: none
  std::uint64_t symbol_count = 0;
  VirtualAddress string_table;
  VirtualAddress orc_ips;  // x86: place-relative addresses; null: none
  VirtualAddress orc_rows;
  std::uint64_t orc_count = 0;
  std::uint64_t taints = 0;
  std::string version;  // raw; of modules that taint the kernel, where they name one

  bool contains(VirtualAddress address_in_module) const;
};

struct ModuleList {
  std::vector<LoadedModule> modules;
  std::string broken;  // empty: complete
};

ModuleList read_modules(const Access& access);
std::string_view module_state_name(std::int64_t state);

}  // namespace whyhung::kernel
