// SPDX-License-Identifier: GPL-2.0-or-later
// What a file is, by its first bytes, as far as it decides what is done with it.
#pragma once

#include <cstddef>
#include <span>

namespace whyhung::session {

inline constexpr std::size_t kHeadBytes = 4096;

// A dump of any known format, in a container or not.
bool is_dump(std::span<const std::byte> head);
// A linked ELF file: what a vmlinux is, and a dump is not.
bool is_elf_program(std::span<const std::byte> head);

}  // namespace whyhung::session
