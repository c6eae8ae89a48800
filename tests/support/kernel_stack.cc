// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/kernel_stack.h"

namespace whyhung::test {

debuginfo::Symbol function_named(FakeMachine& machine, std::string_view name) {
  const auto found = machine.symbols.find_all(name, 1);
  if (found.empty()) throw std::invalid_argument(fmt::format("no symbol {}", name));
  return found.front();
}

std::uint64_t address_of(FakeMachine& machine, std::string_view name) {
  return function_named(machine, name).address.value;
}

std::vector<std::byte> code_of(FakeMachine& machine, const debuginfo::Symbol& function) {
  std::vector<std::byte> code(function.size);
  if (!machine.memory.read(function.address, code)) {
    throw std::invalid_argument(fmt::format("no code of {}", function.name));
  }
  return code;
}

}  // namespace whyhung::test
