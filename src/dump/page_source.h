// SPDX-License-Identifier: GPL-2.0-or-later
// PageSource: what a dump format has to provide, one page frame at a time. PagedDump makes a Dump of it: caching, reads
// across pages and the record of what was read exist once, whatever the format.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/memory_reader.h"

namespace whyhung::dump {

// The bytes [begin, end) of a page frame that were found. Less than the whole frame only where an ELF segment starts,
// ends or is cut inside of it.
struct PageExtent {
  std::uint32_t begin;
  std::uint32_t end;
};

class PageSource {
 public:
  virtual ~PageSource() = default;

  // Fills `page` (one frame) and says which part of it is known, never an empty one; or why the frame cannot be had.
  virtual tl::expected<PageExtent, FaultKind> load(std::uint64_t frame, std::span<std::byte> page) = 0;
  // Why a byte outside of the extent that load() gave cannot be had.
  virtual FaultKind why_absent(PhysicalAddress address) {
    (void)address;
    return FaultKind::kBeyondDump;
  }
  // The first frame at or after `from` with bytes in the file.
  virtual std::optional<std::uint64_t> next_frame(std::uint64_t from) = 0;
  // A hint that these frames (sorted, without repetition) will be loaded soon.
  virtual void prefetch(std::span<const std::uint64_t> frames) { (void)frames; }
};

}  // namespace whyhung::dump
