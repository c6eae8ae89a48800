// SPDX-License-Identifier: GPL-2.0-or-later
// Names of the machines that crash dumps of Linux come from, for those too that are not read here: the numbers of ELF's
// e_machine mean nothing to most people.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include <elf.h>

namespace whyhung::arch {

// As `uname -m` says it, of the 64-bit machine; empty for numbers that Linux has no dumps of.
inline std::string_view name_of_elf_machine(std::uint16_t machine) {
  constexpr std::uint16_t kLoongArch = 258;  // EM_LOONGARCH, not in every elf.h
  constexpr std::array<std::pair<std::uint16_t, std::string_view>, 11> kNames = {{{EM_386, "i686"},
                                                                                  {EM_X86_64, "x86_64"},
                                                                                  {EM_ARM, "arm"},
                                                                                  {EM_AARCH64, "aarch64"},
                                                                                  {EM_PPC, "ppc"},
                                                                                  {EM_PPC64, "ppc64"},
                                                                                  {EM_S390, "s390x"},
                                                                                  {EM_RISCV, "riscv64"},
                                                                                  {EM_SPARCV9, "sparc64"},
                                                                                  {EM_MIPS, "mips64"},
                                                                                  {kLoongArch, "loongarch64"}}};
  const auto* const found = std::ranges::find(kNames, machine, &std::pair<std::uint16_t, std::string_view>::first);
  return found == kNames.end() ? std::string_view() : found->second;
}

}  // namespace whyhung::arch
