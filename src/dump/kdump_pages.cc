// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/kdump_pages.h"

#include <algorithm>
#include <array>

#include "base/byte_reader.h"

namespace whyhung::dump {
namespace {

constexpr std::uint32_t kBitmapBlockBytes = 4096;
constexpr std::uint32_t kBitmapBlocks = 2;
// A block of 128 descriptors covers about as many neighbouring frames as a page fault's worth of tasks; 64 blocks are
// 192 KB.
constexpr std::uint64_t kDescriptorsPerBlock = 128;
constexpr std::uint32_t kDescriptorBlockBytes = kDescriptorsPerBlock * kPageDescriptorBytes;
constexpr std::uint32_t kDescriptorBlocks = 64;
// Ranges of the file that lie closer than this are read as one.
constexpr std::uint64_t kPrefetchGap = 16 * 1024;

void merge_near(std::vector<SourceRange>& ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const SourceRange& a, const SourceRange& b) { return a.offset < b.offset; });
  std::size_t kept = 0;
  for (const SourceRange& range : ranges) {
    SourceRange* const last = kept == 0 ? nullptr : &ranges[kept - 1];
    if (last != nullptr && range.offset <= last->offset + last->length + kPrefetchGap) {
      last->length = std::max(last->length, range.offset + range.length - last->offset);
    } else {
      ranges[kept++] = range;
    }
  }
  ranges.resize(kept);
}

}  // namespace

Result<std::unique_ptr<KdumpPages>> KdumpPages::open(std::shared_ptr<const ByteSource> source,
                                                     const KdumpHeader& header) {
  const std::uint64_t second = header.bitmap_offset() + (header.two_bitmaps() ? header.bitmap_bytes() / 2 : 0);
  TRY_ASSIGN(FrameBitmap bitmap,
             FrameBitmap::build(source, second, header.max_frame, header.first_frame, header.end_frame));
  if (bitmap.known_end() == header.first_frame && header.end_frame != header.first_frame) {
    return with_hint(fail(ErrorKind::kTruncated, "{}: the file ends before the bitmap of its pages", source->name()),
                     "copy it again: nothing of the memory is in this file");
  }
  return std::unique_ptr<KdumpPages>(new KdumpPages(std::move(source), header, std::move(bitmap)));
}

KdumpPages::KdumpPages(std::shared_ptr<const ByteSource> source, const KdumpHeader& header, FrameBitmap bitmap)
    : source_(std::move(source)),
      order_(header.order),
      block_size_(header.block_size),
      end_frame_(header.end_frame),
      marked_incomplete_((header.status & kStatusIncomplete) != 0),
      data_limit_(header.descriptors_offset() + bitmap.count() * (kPageDescriptorBytes + header.block_size) +
                  header.block_size),
      bitmap_(std::move(bitmap)),
      memory_bits_(source_, header.bitmap_offset(), (header.max_frame + 7) / 8, kBitmapBlockBytes, kBitmapBlocks),
      descriptors_(source_, header.descriptors_offset(), bitmap_.count() * kPageDescriptorBytes, kDescriptorBlockBytes,
                   kDescriptorBlocks),
      packed_(header.block_size) {}

FaultKind KdumpPages::why_outside(std::uint64_t frame) {
  const auto dumped = bitmap_.test(frame);
  if (!dumped) return dumped.error();
  return *dumped ? FaultKind::kTruncated : why_not_dumped(frame);
}

FaultKind KdumpPages::why_not_dumped(std::uint64_t frame) {
  // In a file with one bitmap both tests read the same bits, which is right: what is not there does not exist.
  const auto exists = test_bit(memory_bits_, frame);
  if (!exists) return exists.error();
  return *exists ? FaultKind::kFilteredOut : FaultKind::kBeyondDump;
}

tl::expected<std::uint64_t, FaultKind> KdumpPages::descriptor_index(std::uint64_t frame) {
  if (frame < bitmap_.first() || frame >= end_frame_) return tl::unexpected(why_outside(frame));
  const auto place = bitmap_.find(frame);
  if (!place) return tl::unexpected(place.error());
  if (!place->set) return tl::unexpected(why_not_dumped(frame));
  return place->rank;
}

tl::expected<PageDescriptor, FaultKind> KdumpPages::descriptor_at(std::uint64_t index) {
  const auto bytes = descriptors_.from(index * kPageDescriptorBytes);
  if (!bytes) return tl::unexpected(bytes.error());
  if (bytes->size() < kPageDescriptorBytes) return tl::unexpected(FaultKind::kTruncated);
  ByteReader reader(*bytes, order_);
  PageDescriptor descriptor{};
  descriptor.offset = reader.u64();
  descriptor.size = reader.u32();
  descriptor.flags = reader.u32();
  return descriptor;
}

tl::expected<void, FaultKind> KdumpPages::check(const PageDescriptor& descriptor) const {
  // makedumpfile leaves the descriptors of pages that found no room as zeros (its IMPLEMENTATION, "incomplete").
  if (descriptor.offset == 0) return tl::unexpected(FaultKind::kTruncated);
  if (descriptor.size == 0 || descriptor.size > block_size_) return tl::unexpected(FaultKind::kCorrupt);
  const std::uint64_t file_end = source_->size();
  if (descriptor.offset > std::max(data_limit_, file_end)) return tl::unexpected(FaultKind::kCorrupt);
  if (descriptor.offset + descriptor.size > file_end) return tl::unexpected(FaultKind::kTruncated);
  return {};
}

tl::expected<PageExtent, FaultKind> KdumpPages::load(std::uint64_t frame, std::span<std::byte> page) {
  const auto index = descriptor_index(frame);
  if (!index) return tl::unexpected(index.error());
  const auto descriptor = descriptor_at(*index);
  if (!descriptor) return tl::unexpected(descriptor.error());
  if (const auto sound = check(*descriptor); !sound) return tl::unexpected(sound.error());
  const auto codec = codec_of_page_flags(descriptor->flags);
  if (!codec) return tl::unexpected(FaultKind::kCorrupt);
  const bool raw = *codec == Codec::kNone;
  if (raw && descriptor->size != page.size()) return tl::unexpected(FaultKind::kCorrupt);
  const PageExtent whole{0, static_cast<std::uint32_t>(page.size())};
  if (raw && descriptor->offset == zero_page_offset_) {
    std::fill(page.begin(), page.end(), std::byte{});
    return whole;
  }

  const auto target = raw ? page : std::span(packed_).first(descriptor->size);
  const auto count = source_->read_some(descriptor->offset, target);
  if (!count) return tl::unexpected(FaultKind::kIo);
  if (*count < target.size()) return tl::unexpected(FaultKind::kTruncated);
  if (!raw && !decoder_.decode(*codec, target, page)) return tl::unexpected(FaultKind::kCorrupt);
  if (raw) look_for_zero_page(descriptor->offset, page);
  return whole;
}

// Writers store one page of zeros for all such pages, before all others. Knowing which it is saves a scan most of its
// reads: a machine's free memory is largely zero.
void KdumpPages::look_for_zero_page(std::uint64_t offset, std::span<const std::byte> page) {
  if (offset >= lowest_raw_offset_) return;
  lowest_raw_offset_ = offset;
  const bool is_zero = std::all_of(page.begin(), page.end(), [](std::byte byte) { return byte == std::byte{}; });
  if (is_zero) zero_page_offset_ = offset;
}

std::optional<std::uint64_t> KdumpPages::next_frame(std::uint64_t from) {
  for (auto frame = bitmap_.next(from); frame; frame = bitmap_.next(*frame + 1)) {
    const auto place = bitmap_.find(*frame);
    if (!place) return std::nullopt;
    const auto descriptor = descriptor_at(place->rank);
    // Behind the end of the descriptors there is nothing to look for.
    if (!descriptor && descriptor.error() == FaultKind::kTruncated) return std::nullopt;
    if (descriptor && check(*descriptor)) return frame;
  }
  return std::nullopt;
}

std::vector<std::uint64_t> KdumpPages::prefetch_descriptors(std::span<const std::uint64_t> frames) {
  std::vector<std::uint64_t> indices;
  std::vector<SourceRange> ranges;
  for (const std::uint64_t frame : frames) {
    const auto index = descriptor_index(frame);
    if (!index) continue;
    indices.push_back(*index);
    const std::uint64_t block = *index / kDescriptorsPerBlock * kDescriptorBlockBytes;
    if (ranges.empty() || ranges.back().offset != descriptors_.table_offset() + block) {
      ranges.push_back({descriptors_.table_offset() + block, kDescriptorBlockBytes});
    }
  }
  merge_near(ranges);
  source_->prefetch(ranges);
  return indices;
}

void KdumpPages::prefetch(std::span<const std::uint64_t> frames) {
  std::vector<SourceRange> ranges;
  for (const std::uint64_t index : prefetch_descriptors(frames)) {
    const auto descriptor = descriptor_at(index);
    if (descriptor && check(*descriptor)) ranges.push_back({descriptor->offset, descriptor->size});
  }
  merge_near(ranges);
  source_->prefetch(ranges);
}

KdumpPages::BlockCensus KdumpPages::count_block(std::uint64_t block) {
  const std::uint64_t begin = block * kDescriptorsPerBlock;
  BlockCensus census;
  census.pages = std::min(kDescriptorsPerBlock, bitmap_.count() - begin);
  for (std::uint64_t index = begin; index < begin + census.pages; ++index) {
    const auto descriptor = descriptor_at(index);
    if (!descriptor) continue;
    const auto sound = check(*descriptor);
    // What is damaged is in the file all the same; and a capsule has empty descriptors for pages that were missing
    // where it was made.
    const bool was_left_empty = descriptor->offset == 0 && !marked_incomplete_;
    if (sound || sound.error() != FaultKind::kTruncated || was_left_empty) ++census.present;
    if (!sound && sound.error() == FaultKind::kCorrupt) continue;
    census.data_end = std::max(census.data_end, descriptor->offset + descriptor->size);
  }
  return census;
}

KdumpCompleteness KdumpPages::measure_completeness() {
  KdumpCompleteness result;
  result.expected = result.present = bitmap_.count();
  result.unknown_frames = end_frame_ - bitmap_.known_end();
  const std::uint64_t blocks = (result.expected + kDescriptorsPerBlock - 1) / kDescriptorsPerBlock;

  // Pages are written in order, so the last block tells; blocks whose pages are all the shared zero page do not, and a
  // machine's memory likes to end in them: look a few blocks back.
  constexpr std::uint64_t kMostBlocksBack = 32;
  bool complete = true;
  for (std::uint64_t back = 1; back <= std::min(blocks, kMostBlocksBack) && complete; ++back) {
    const BlockCensus census = count_block(blocks - back);
    complete = census.present == census.pages;
  }
  if (complete) return result;

  // Something is missing: count what is there, in all blocks or in some thousands of them.
  constexpr std::uint64_t kMostBlocksCounted = 8192;
  const std::uint64_t counted = std::min(blocks, kMostBlocksCounted);
  result.exact = counted == blocks;
  BlockCensus sum;
  for (std::uint64_t i = 0; i < counted; ++i) {
    const BlockCensus census = count_block(result.exact ? i : blocks / counted * i);
    sum.pages += census.pages;
    sum.present += census.present;
    sum.data_end = std::max(sum.data_end, census.data_end);
  }
  result.present = result.exact ? sum.present : sum.present * (result.expected / sum.pages);
  if (sum.data_end > source_->size()) result.missing_bytes = sum.data_end - source_->size();
  return result;
}

Codec KdumpPages::sample_codec(Codec announced) {
  std::array<unsigned, 5> votes{};
  constexpr std::uint64_t kPlaces = 4;
  const std::uint64_t blocks = bitmap_.count() / kDescriptorsPerBlock + 1;
  for (std::uint64_t place = 0; place < std::min(kPlaces, blocks); ++place) {
    const std::uint64_t begin = blocks * place / std::min(kPlaces, blocks) * kDescriptorsPerBlock;
    std::uint64_t previous = 0;
    for (std::uint64_t i = 0; i < kDescriptorsPerBlock && begin + i < bitmap_.count(); ++i) {
      const auto descriptor = descriptor_at(begin + i);
      if (!descriptor) break;
      const auto codec = codec_of_page_flags(descriptor->flags);
      // The shared zero page is stored as it is, and would win the vote of a machine that is mostly idle.
      const bool fresh = descriptor->offset > previous;
      previous = std::max(previous, descriptor->offset);
      if (codec && fresh && check(*descriptor)) ++votes[static_cast<std::size_t>(*codec)];
    }
  }
  if (std::all_of(votes.begin(), votes.end(), [](unsigned count) { return count == 0; })) return announced;
  // Pages that do not shrink are stored as they are in every dump: they count only when there are no others.
  const auto packed = votes.begin() + static_cast<std::size_t>(Codec::kNone) + 1;
  const auto most = std::max_element(packed, votes.end());
  return *most == 0 ? Codec::kNone : static_cast<Codec>(most - votes.begin());
}

}  // namespace whyhung::dump
