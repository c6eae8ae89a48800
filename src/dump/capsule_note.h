// SPDX-License-Identifier: GPL-2.0-or-later
// The ELF note that marks a kdump-compressed file as a capsule: it holds only the pages that an analysis read.
#pragma once

#include <cstdint>
#include <string_view>

namespace whyhung::dump {

inline constexpr std::string_view kCapsuleNoteName = "WHYHUNG";
// Not 1: crash takes every note of that type for a CPU's registers, whatever its name (its process_elf64_notes).
inline constexpr std::uint32_t kCapsuleNoteType = 0x574801;
// Notes of the same name with the distilled types that the analysis used, when the dump itself carries none: of the
// very build, or of another one of the same series.
inline constexpr std::uint32_t kCapsuleTypesNoteType = 0x574802;
inline constexpr std::uint32_t kCapsuleNearTypesNoteType = 0x574803;

}  // namespace whyhung::dump
