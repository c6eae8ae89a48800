// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/frame_bitmap.h"

#include <algorithm>
#include <array>
#include <bit>

#include "base/endian.h"

namespace whyhung::dump {
namespace {

constexpr std::uint64_t kGroupFrames = 4096;
constexpr std::uint64_t kGroupBytes = kGroupFrames / 8;
constexpr std::uint32_t kBlockBytes = 4096;
constexpr std::uint32_t kBlocks = 8;
constexpr std::size_t kBufferBytes = 64 * 1024;

// Set bits of whole 64-bit words, without a popcount instruction that the build may not assume: partial sums are kept
// per byte for as long as they fit, and the loop is plain enough to be vectorised.
std::uint64_t count_words(const std::byte* bytes, std::size_t words) {
  constexpr std::uint64_t kOdd = 0x5555555555555555, kPairs = 0x3333333333333333, kNibbles = 0x0f0f0f0f0f0f0f0f;
  constexpr std::size_t kWordsPerSum = 31;  // 31 * 8 still fits a byte
  std::uint64_t total = 0;
  while (words != 0) {
    const std::size_t batch = std::min(words, kWordsPerSum);
    std::uint64_t sums = 0;
    for (std::size_t i = 0; i < batch; ++i) {
      std::uint64_t word = load<std::uint64_t>(bytes + i * 8, ByteOrder::kLittle);
      word -= (word >> 1) & kOdd;
      word = (word & kPairs) + ((word >> 2) & kPairs);
      sums += (word + (word >> 4)) & kNibbles;
    }
    constexpr std::uint64_t kEvenBytes = 0x00ff00ff00ff00ff;
    const std::uint64_t wide = (sums & kEvenBytes) + ((sums >> 8) & kEvenBytes);
    total += (wide * 0x0001000100010001) >> 48;
    bytes += batch * 8;
    words -= batch;
  }
  return total;
}

// Set bits among the first `bits` bits.
std::uint64_t count_bits(std::span<const std::byte> bytes, std::uint64_t bits) {
  bits = std::min<std::uint64_t>(bits, bytes.size() * 8);
  std::uint64_t total = count_words(bytes.data(), bits / 64);
  for (std::uint64_t at = bits / 64 * 8; at * 8 < bits; ++at) {
    const unsigned left = static_cast<unsigned>(std::min<std::uint64_t>(8, bits - at * 8));
    const unsigned value = std::to_integer<unsigned>(bytes[at]) & ((1U << left) - 1);
    total += static_cast<unsigned>(std::popcount(value));
  }
  return total;
}

}  // namespace

tl::expected<bool, FaultKind> test_bit(BlockCache& bitmap, std::uint64_t bit) {
  const auto bytes = bitmap.from(bit / 8);
  if (!bytes) return tl::unexpected(bytes.error());
  if (bytes->empty()) return tl::unexpected(FaultKind::kTruncated);
  return (std::to_integer<unsigned>(bytes->front()) >> (bit % 8) & 1) != 0;
}

std::uint64_t FrameBitmap::first_group() const {
  return first_ / kGroupFrames;
}

Result<FrameBitmap> FrameBitmap::build(const std::shared_ptr<const ByteSource>& source, std::uint64_t offset,
                                       std::uint64_t frames, std::uint64_t first, std::uint64_t end) {
  FrameBitmap bitmap(BlockCache(source, offset, (frames + 7) / 8, kBlockBytes, kBlocks), first, end);
  TRY_CHECK(bitmap.count_groups(*source, offset));
  return bitmap;
}

Result<void> FrameBitmap::count_groups(const ByteSource& source, std::uint64_t offset) {
  const auto buffer = std::make_unique_for_overwrite<std::byte[]>(kBufferBytes);
  const std::uint64_t begin = first_group() * kGroupBytes;
  const std::uint64_t end_bits = known_end_;
  std::uint64_t position = begin;
  std::uint64_t total = 0;
  before_.push_back(0);
  while (position * 8 < end_bits) {
    const std::size_t wanted = std::min<std::uint64_t>(kBufferBytes, (end_bits - position * 8 + 7) / 8);
    TRY_ASSIGN(const std::size_t got, source.read_some(offset + position, std::span(buffer.get(), wanted)));
    for (std::size_t at = 0; at < got; at += kGroupBytes) {
      const std::span group(buffer.get() + at, std::min<std::size_t>(kGroupBytes, got - at));
      total += count_bits(group, end_bits - (position + at) * 8);
      before_.push_back(total);
      if (position == begin && at == 0) skipped_ = count_bits(group, first_ % kGroupFrames);
    }
    position += got;
    if (got < wanted) {
      known_end_ = std::max(first_, std::min(end_bits, position * 8));
      break;
    }
  }
  count_ = total - skipped_;
  return {};
}

tl::expected<FrameBitmap::Place, FaultKind> FrameBitmap::find(std::uint64_t frame) {
  if (frame < first_ || frame >= known_end_) return tl::unexpected(FaultKind::kTruncated);
  const std::uint64_t group = frame / kGroupFrames;
  const auto bytes = bits_.from(group * kGroupBytes);
  if (!bytes) return tl::unexpected(bytes.error());
  const std::uint64_t inside = frame % kGroupFrames;
  if (inside / 8 >= bytes->size()) return tl::unexpected(FaultKind::kTruncated);
  const bool set = (std::to_integer<unsigned>((*bytes)[inside / 8]) >> (inside % 8) & 1) != 0;
  return Place{set, before_[group - first_group()] + count_bits(*bytes, inside) - skipped_};
}

std::optional<std::uint64_t> FrameBitmap::next(std::uint64_t from) {
  from = std::max(from, first_);
  while (from < known_end_) {
    const std::uint64_t group = from / kGroupFrames;
    const std::uint64_t index = group - first_group();
    const std::uint64_t group_end = std::min(known_end_, (group + 1) * kGroupFrames);
    const bool any = before_[index + 1] != before_[index];
    const auto bytes = any ? bits_.from(group * kGroupBytes) : std::span<const std::byte>();
    if (bytes) {
      while (from < group_end && from % kGroupFrames / 8 < bytes->size()) {
        const unsigned value = std::to_integer<unsigned>((*bytes)[from % kGroupFrames / 8]) >> (from % 8);
        if (value != 0) {
          from += static_cast<unsigned>(std::countr_zero(value));
          return from < group_end ? std::optional(from) : std::nullopt;
        }
        from = from / 8 * 8 + 8;
      }
    }
    from = group_end;
  }
  return std::nullopt;
}

}  // namespace whyhung::dump
