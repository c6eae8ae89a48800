// SPDX-License-Identifier: GPL-2.0-or-later
// PageCache: a bounded number of page frames in memory. Set-associative with the least recently used frame of a set
// giving way: a lookup compares a handful of numbers that lie side by side, and nothing is ever rehashed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace whyhung::dump {

class PageCache {
 public:
  struct Slot {
    std::byte* bytes = nullptr;
    std::uint32_t begin = 0;  // the part of the frame that is known, see PageExtent
    std::uint32_t end = 0;
  };

  PageCache(std::uint32_t page_size, std::size_t budget_bytes);

  // The slot that holds the frame, marked as used just now; or nullptr.
  const Slot* find(std::uint64_t frame);
  // The slot to load the frame into. What it held is gone; it is found again only after keep().
  Slot& claim(std::uint64_t frame);
  // The claimed slot now holds the frame.
  void keep(const Slot& slot, std::uint64_t frame);

  static constexpr std::uint64_t kNoFrame = ~std::uint64_t{0};

 private:
  std::size_t set_of(std::uint64_t frame) const;

  unsigned set_bits_ = 0;
  std::size_t ways_ = 1;
  std::uint64_t clock_ = 0;
  // Parallel to the slots, so that the numbers of a set share a cache line.
  std::vector<std::uint64_t> frames_;
  std::vector<std::uint64_t> last_uses_;
  std::vector<Slot> slots_;
  std::unique_ptr<std::byte[]> bytes_;  // left unwritten until a slot is used, so that it is not resident before
};

}  // namespace whyhung::dump
