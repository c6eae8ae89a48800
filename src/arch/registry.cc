// SPDX-License-Identifier: GPL-2.0-or-later
// The table of machines. Adding one is one line here and one file beside this one.
#include <algorithm>
#include <array>

#include "arch/architecture.h"
#include "arch/arm64.h"
#include "arch/ppc64.h"
#include "arch/riscv64.h"
#include "arch/s390x.h"
#include "arch/x86_64.h"

namespace whyhung::arch {
namespace {

constexpr std::array<const Architecture*, 5> kArchitectures = {&kX86_64, &kArm64, &kPpc64le, &kRiscv64, &kS390x};

}  // namespace

std::span<const Architecture* const> all_architectures() {
  return kArchitectures;
}

const Architecture* find_architecture(std::optional<std::uint16_t> elf_machine, std::string_view uts_machine,
                                      std::optional<std::size_t> prstatus_size) {
  for (const Architecture* one : kArchitectures) {
    if (elf_machine && one->elf_machine == *elf_machine) return one;
  }
  for (const Architecture* one : kArchitectures) {
    if (std::ranges::find(one->uts_machines, uts_machine) != one->uts_machines.end()) return one;
  }
  // A machine that is named, but not ours, must not be taken for another by the size of its notes.
  const bool is_named = elf_machine || (!uts_machine.empty() && uts_machine != "Unknown");
  if (is_named || !prstatus_size) return nullptr;
  const auto has_size = [&](const Architecture* one) {
    return !one->always_named && one->prstatus_size == *prstatus_size;
  };
  if (std::ranges::count_if(kArchitectures, has_size) != 1) return nullptr;
  return *std::ranges::find_if(kArchitectures, has_size);
}

}  // namespace whyhung::arch
