// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's ORC tables where no symbol names them, because its kallsyms hold functions only: found by what they are,
// and proven by what they say of functions whose first instruction is known.
#pragma once

#include <optional>
#include <span>

#include "debuginfo/symbols.h"
#include "unwind/orc_table.h"

namespace whyhung::unwind {

struct FoundOrc {
  OrcTableLocation table;
  OrcVersion version;
};

struct OrcSearch {
  VirtualRange text;                     // that the found table shall be for
  VirtualRange image;                    // where it is looked for; at most 256 MB
  std::span<const OrcVersion> versions;  // that it may have
};
std::optional<FoundOrc> search_orc_tables(const VirtualMemory& memory, debuginfo::SymbolSource& symbols,
                                          const OrcSearch& where);

}  // namespace whyhung::unwind
