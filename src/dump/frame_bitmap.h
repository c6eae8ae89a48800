// SPDX-License-Identifier: GPL-2.0-or-later
// FrameBitmap: one bit per page frame, left in the file. The n-th set bit owns the n-th page descriptor, so what is
// kept is a running count per 4096 frames; the rest is counted from the file when a page is loaded. 1 TB of 4 KB frames
// cost 512 KB of memory instead of 32 MB.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/byte_source.h"
#include "dump/block_cache.h"

namespace whyhung::dump {

// A bit of a bitmap in the file (least significant bit of a byte first, as makedumpfile and QEMU write it). kTruncated
// when the file or the table ends before it, kIo when it cannot be read.
tl::expected<bool, FaultKind> test_bit(BlockCache& bitmap, std::uint64_t bit);

class FrameBitmap {
 public:
  // Ranks the frames [first, end) of the bitmap of `frames` bits that begins at `offset`; each part of a split set
  // counts its descriptors from its own first frame. Reads the bitmap once, through a small buffer.
  static Result<FrameBitmap> build(const std::shared_ptr<const ByteSource>& source, std::uint64_t offset,
                                   std::uint64_t frames, std::uint64_t first, std::uint64_t end);

  struct Place {
    bool set;
    std::uint64_t rank;  // set bits in [first, frame)
  };
  // The frame has to be in [first, known_end).
  tl::expected<Place, FaultKind> find(std::uint64_t frame);
  // The bit of any frame of the bitmap, ranked or not.
  tl::expected<bool, FaultKind> test(std::uint64_t frame) { return test_bit(bits_, frame); }
  // The first set frame at or after `from`.
  std::optional<std::uint64_t> next(std::uint64_t from);

  std::uint64_t first() const { return first_; }
  std::uint64_t count() const { return count_; }
  // Where the frames end, or where the file does if it was cut inside of the bitmap.
  std::uint64_t known_end() const { return known_end_; }

 private:
  FrameBitmap(BlockCache bits, std::uint64_t first, std::uint64_t end)
      : bits_(std::move(bits)), first_(first), known_end_(end) {}
  std::uint64_t first_group() const;
  Result<void> count_groups(const ByteSource& source, std::uint64_t offset);

  BlockCache bits_;
  std::uint64_t first_;
  std::uint64_t known_end_;
  std::uint64_t skipped_ = 0;  // set bits of the first group that lie before first_
  std::uint64_t count_ = 0;
  std::vector<std::uint64_t> before_;  // set bits before each group, counted from the first group's start; one more
};

}  // namespace whyhung::dump
