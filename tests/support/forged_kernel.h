// SPDX-License-Identifier: GPL-2.0-or-later
// Kernels that cannot be booted here, forged: a cross compiler makes an ELF file of C that declares their structures
// (tests/forge), and this puts it into a FakeMachine: its bytes, its symbols, and its members as the compiler placed
// them, by records in the file and not by its DWARF.
#pragma once

#include <string>
#include <vector>

#include "support/fake_machine.h"

namespace whyhung::test {

struct ForgedSymbol {
  std::string name;
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  bool is_function = false;
};

// The file at `path`, a linked one; `module` is empty for the kernel itself. Gives all symbols, by address.
Result<std::vector<ForgedSymbol>> load_forged(const std::string& path, std::string_view module, FakeMachine& machine);

}  // namespace whyhung::test
