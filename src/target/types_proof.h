// SPDX-License-Identifier: GPL-2.0-or-later
// Tries types on the memory that they are meant to describe. Types of another build of a kernel are right where nothing
// changed between the two, and what changed shows: structures that point to each other no longer do.
#pragma once

#include <string>

#include "base/memory_reader.h"
#include "debuginfo/symbols.h"
#include "debuginfo/type_source.h"
#include "dump/vmcoreinfo.h"

namespace whyhung::target {

struct TypesProof {
  unsigned passed = 0;
  std::string failed;  // the first check that failed: then the types do not fit; empty: none
};

// Each kind of check that could be made counts once. What the dump lacks is not counted.
TypesProof prove_types(debuginfo::TypeSource& types, debuginfo::SymbolSource& symbols, const VirtualMemory& memory,
                       const dump::VmcoreInfo& info);

}  // namespace whyhung::target
