// SPDX-License-Identifier: GPL-2.0-or-later
// MemoryWindow: a range of the crashed machine's memory, read through a few aligned chunks that are kept. A table with
// many small records is walked without a virtual read for each of them, and nothing outside of the range is ever
// touched.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/memory_reader.h"

namespace whyhung::debuginfo {

class MemoryWindow {
 public:
  struct Shape {
    unsigned chunk_bits;  // chunks of 2^chunk_bits bytes; at most 12, so that no chunk lies in two pages
    unsigned count_bits;  // 2^count_bits of them are kept
  };
  // `memory` must outlive the window.
  MemoryWindow(const VirtualMemory& memory, VirtualRange range, Shape shape)
      : memory_(&memory), range_(range), shape_(shape) {}
  // Not copied: the last chunk is remembered by where its bytes are, which only a move keeps.
  MemoryWindow(MemoryWindow&&) = default;
  MemoryWindow& operator=(MemoryWindow&&) = default;

  std::uint64_t size() const { return range_.empty() ? 0 : range_.size(); }
  const VirtualRange& range() const { return range_; }

  // The bytes from `offset` to the end of their chunk or of the range, whichever comes first: at least one. Empty when
  // the offset is outside or the memory cannot be read. Good until the next call of any member.
  std::span<const std::byte> at(std::uint64_t offset) {
    if (offset - current_.begin < current_.size) {
      const std::uint64_t skipped = offset - current_.begin;
      return {current_.bytes + skipped, static_cast<std::size_t>(current_.size - skipped)};
    }
    return fetch(offset);
  }
  // Where the chunk of `offset` ends: the place to go on after an unreadable one.
  std::uint64_t chunk_end(std::uint64_t offset) const {
    const std::uint64_t next = (((range_.begin.value + offset) >> shape_.chunk_bits) + 1) << shape_.chunk_bits;
    return std::min(next - range_.begin.value, size());
  }
  // Fills all of `out` or says false.
  bool copy(std::uint64_t offset, std::span<std::byte> out);
  template <std::integral T>
  std::optional<T> integer(std::uint64_t offset, ByteOrder order) {
    std::byte bytes[sizeof(T)];
    if (!copy(offset, bytes)) return std::nullopt;
    return load<T>(bytes, order);
  }
  // The first read that failed, if one did.
  const std::optional<ReadFault>& fault() const { return fault_; }

 private:
  // The chunk that was used last, by offsets in the range.
  struct Current {
    std::uint64_t begin = 0;
    std::uint64_t size = 0;
    const std::byte* bytes = nullptr;
  };
  struct Slot {
    std::uint64_t chunk = ~std::uint64_t{0};  // address / chunk size
    bool readable = false;
  };
  std::span<const std::byte> fetch(std::uint64_t offset);

  const VirtualMemory* memory_;
  VirtualRange range_;
  Shape shape_;
  Current current_;
  std::vector<Slot> slots_;  // direct-mapped, made on first use
  std::vector<std::byte> bytes_;
  std::optional<ReadFault> fault_;
};

}  // namespace whyhung::debuginfo
