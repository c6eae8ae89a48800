// SPDX-License-Identifier: GPL-2.0-or-later
// Composes ELF vmcores in memory: from a MemoryImage, or from segments given one by one for the odd cases.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "support/memory_image.h"

namespace whyhung::test {

struct CoreSegment {
  std::uint64_t physical = 0;
  std::uint64_t virtual_address = 0;
  Bytes bytes;                    // what is in the file
  std::uint64_t memory_size = 0;  // at least bytes.size()
  std::uint32_t type = 1;         // PT_LOAD
};

struct CoreForm {
  ByteOrder order = ByteOrder::kLittle;
  std::uint16_t machine = 62;  // x86-64
  std::uint16_t type = 4;      // ET_CORE
  std::uint32_t flags = 0;
  bool is_32_bit = false;      // only as far as the class goes
  bool many_headers = false;   // the count is in the first section header (PN_XNUM)
  std::optional<Bytes> notes;  // default: sample_notes()
};

Bytes build_core(std::span<const CoreSegment> segments, const CoreForm& form);

// Runs of pages become segments; a run that was left out lengthens the memory size of the segment before it.
std::vector<CoreSegment> segments_of(const MemoryImage& image);

}  // namespace whyhung::test
