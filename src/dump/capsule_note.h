// SPDX-License-Identifier: GPL-2.0-or-later
// The ELF note that marks a kdump-compressed file as a capsule: it holds only the pages that an analysis read.
#pragma once

#include <cstdint>
#include <string_view>

namespace whyhung::dump {

inline constexpr std::string_view kCapsuleNoteName = "WHYHUNG";
// Not 1: crash takes every note of that type for a CPU's registers, whatever its name (its process_elf64_notes).
inline constexpr std::uint32_t kCapsuleNoteType = 0x574801;

}  // namespace whyhung::dump
