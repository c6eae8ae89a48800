// SPDX-License-Identifier: GPL-2.0-or-later
// Registers as a kernel saves them: 64-bit words in the order of struct pt_regs, alone or in an NT_PRSTATUS descriptor
// (struct elf_prstatus, include/linux/elfcore.h), whose head is the same on all 64-bit machines.
#pragma once

#include <span>

#include "arch/architecture.h"

namespace whyhung::arch {

// Where pr_reg begins in a descriptor.
inline constexpr std::size_t kPrRegOffset = 112;

// The first `count` words as registers 0, 1, …; as many as `bytes` holds.
RegisterSet decode_register_words(std::span<const std::byte> bytes, std::size_t count, ByteOrder order);

// What a machine's descriptor looks like.
struct PrstatusLayout {
  std::string_view machine;
  std::size_t size;        // bytes at least
  std::size_t word_count;  // registers in pr_reg that stand in the order of RegisterSet
};
// kTruncated when the descriptor is shorter than the layout says.
Result<Architecture::Prstatus> decode_prstatus_words(std::span<const std::byte> descriptor,
                                                     const PrstatusLayout& layout, ByteOrder order);

}  // namespace whyhung::arch
