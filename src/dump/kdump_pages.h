// SPDX-License-Identifier: GPL-2.0-or-later
// KdumpPages: the pages of one kdump-compressed file (which may be one part of a split set). Behind the bitmaps lies a
// table of 24-byte page descriptors, one for each set bit of the second bitmap in order; a descriptor names the page's
// bytes. Neither table is ever loaded as a whole.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "dump/block_cache.h"
#include "dump/frame_bitmap.h"
#include "dump/kdump_header.h"
#include "dump/page_codec.h"
#include "dump/page_source.h"

namespace whyhung::dump {

struct PageDescriptor {
  std::uint64_t offset;
  std::uint32_t size;
  std::uint32_t flags;
};

// How much of what the bitmap promises is in the file; counts of pages.
struct KdumpCompleteness {
  std::uint64_t expected = 0;
  std::uint64_t present = 0;
  bool exact = true;                 // otherwise `present` was extrapolated from some thousands of places
  std::uint64_t missing_bytes = 0;   // at least: how far descriptors point beyond the end; 0 when unknown
  std::uint64_t unknown_frames = 0;  // frames whose bits were cut off
  bool complete() const { return present == expected && unknown_frames == 0; }
};

class KdumpPages final : public PageSource {
 public:
  static Result<std::unique_ptr<KdumpPages>> open(std::shared_ptr<const ByteSource> source, const KdumpHeader& header);

  tl::expected<PageExtent, FaultKind> load(std::uint64_t frame, std::span<std::byte> page) override;
  std::optional<std::uint64_t> next_frame(std::uint64_t from) override;
  void prefetch(std::span<const std::uint64_t> frames) override;

  // Why a frame that is not in this part of a split set cannot be read: its bits are here, its descriptor is not.
  FaultKind why_outside(std::uint64_t frame);
  std::uint64_t first_frame() const { return bitmap_.first(); }
  std::uint64_t end_frame() const { return end_frame_; }

  // Looks at the last descriptors, and at others only if something is missing there.
  KdumpCompleteness measure_completeness();
  // The method that a few pages, taken here and there, are compressed with; kNone only if none of them is. Without any
  // page to look at, the one that was announced.
  Codec sample_codec(Codec announced);

 private:
  KdumpPages(std::shared_ptr<const ByteSource> source, const KdumpHeader& header, FrameBitmap bitmap);
  FaultKind why_not_dumped(std::uint64_t frame);
  tl::expected<std::uint64_t, FaultKind> descriptor_index(std::uint64_t frame);
  tl::expected<PageDescriptor, FaultKind> descriptor_at(std::uint64_t index);
  void look_for_zero_page(std::uint64_t offset, std::span<const std::byte> page);
  tl::expected<void, FaultKind> check(const PageDescriptor& descriptor) const;
  // What a block of descriptors says of its pages.
  struct BlockCensus {
    std::uint64_t pages = 0;
    std::uint64_t present = 0;
    std::uint64_t data_end = 0;
  };
  BlockCensus count_block(std::uint64_t block);
  std::vector<std::uint64_t> prefetch_descriptors(std::span<const std::uint64_t> frames);

  std::shared_ptr<const ByteSource> source_;
  ByteOrder order_;
  std::uint32_t block_size_;
  std::uint64_t end_frame_;
  bool marked_incomplete_;
  std::uint64_t data_limit_;  // no sound descriptor points beyond this, however much was cut off
  FrameBitmap bitmap_;
  BlockCache memory_bits_;  // the first bitmap: frames that exist
  BlockCache descriptors_;
  PageDecoder decoder_;
  std::vector<std::byte> packed_;
  std::uint64_t lowest_raw_offset_ = ~std::uint64_t{0};
  std::uint64_t zero_page_offset_ = 0;  // 0: not met yet
};

}  // namespace whyhung::dump
