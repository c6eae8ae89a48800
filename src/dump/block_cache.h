// SPDX-License-Identifier: GPL-2.0-or-later
// BlockCache: a window on a table in the file that is too large to load (a bitmap, page descriptors). A few blocks are
// kept, each in the one place that its number maps to.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/byte_source.h"
#include "base/memory_reader.h"

namespace whyhung::dump {

class BlockCache {
 public:
  // The table is [offset, offset + length) of the source. `block_count` blocks of `block_size` bytes are kept.
  BlockCache(std::shared_ptr<const ByteSource> source, std::uint64_t offset, std::uint64_t length,
             std::uint32_t block_size, std::uint32_t block_count);

  // The bytes of the table from `position` to the end of its block: fewer, or none, where the table or the file ends.
  // Valid until the next call. Fails only with kIo.
  tl::expected<std::span<const std::byte>, FaultKind> from(std::uint64_t position);

  std::uint64_t table_offset() const { return offset_; }
  std::uint64_t table_length() const { return length_; }
  std::uint32_t block_size() const { return block_size_; }

 private:
  static constexpr std::uint64_t kNoBlock = ~std::uint64_t{0};
  struct Slot {
    std::uint64_t block = kNoBlock;
    std::uint32_t length = 0;
  };

  std::shared_ptr<const ByteSource> source_;
  std::uint64_t offset_;
  std::uint64_t length_;
  std::uint32_t block_size_;
  std::vector<Slot> slots_;
  std::unique_ptr<std::byte[]> bytes_;
};

}  // namespace whyhung::dump
