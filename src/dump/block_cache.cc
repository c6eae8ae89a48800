// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/block_cache.h"

#include <algorithm>

namespace whyhung::dump {

BlockCache::BlockCache(std::shared_ptr<const ByteSource> source, std::uint64_t offset, std::uint64_t length,
                       std::uint32_t block_size, std::uint32_t block_count)
    : source_(std::move(source)),
      offset_(offset),
      length_(length),
      block_size_(block_size),
      slots_(block_count),
      bytes_(std::make_unique_for_overwrite<std::byte[]>(std::size_t{block_size} * block_count)) {}

tl::expected<std::span<const std::byte>, FaultKind> BlockCache::from(std::uint64_t position) {
  if (position >= length_) return std::span<const std::byte>();
  const std::uint64_t block = position / block_size_;
  const std::size_t index = block % slots_.size();
  Slot& slot = slots_[index];
  std::byte* const bytes = bytes_.get() + index * block_size_;
  if (slot.block != block) {
    const std::uint64_t begin = block * block_size_;
    const std::size_t wanted = std::min<std::uint64_t>(block_size_, length_ - begin);
    slot.block = kNoBlock;
    const auto count = source_->read_some(offset_ + begin, std::span(bytes, wanted));
    if (!count) return tl::unexpected(FaultKind::kIo);
    slot = {block, static_cast<std::uint32_t>(*count)};
  }
  const std::uint64_t inside = position % block_size_;
  if (inside >= slot.length) return std::span<const std::byte>();
  return std::span<const std::byte>(bytes + inside, slot.length - inside);
}

}  // namespace whyhung::dump
