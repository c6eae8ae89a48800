// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/page_cache.h"

#include <algorithm>
#include <bit>

namespace whyhung::dump {
namespace {

constexpr std::size_t kFewestSlots = 4;
constexpr std::size_t kMostWays = 8;

}  // namespace

PageCache::PageCache(std::uint32_t page_size, std::size_t budget_bytes) {
  const std::size_t count = std::bit_floor(std::max(kFewestSlots, budget_bytes / page_size));
  ways_ = std::min(kMostWays, count);
  set_bits_ = static_cast<unsigned>(std::countr_zero(count / ways_));
  frames_.assign(count, kNoFrame);
  last_uses_.assign(count, 0);
  slots_.resize(count);
  bytes_ = std::make_unique_for_overwrite<std::byte[]>(count * page_size);
  for (std::size_t i = 0; i < count; ++i) slots_[i].bytes = bytes_.get() + i * page_size;
}

// Index of the set's first slot.
std::size_t PageCache::set_of(std::uint64_t frame) const {
  constexpr std::uint64_t kGoldenRatio = 0x9e3779b97f4a7c15;
  return set_bits_ == 0 ? 0 : ((frame * kGoldenRatio) >> (64 - set_bits_)) * ways_;
}

const PageCache::Slot* PageCache::find(std::uint64_t frame) {
  const std::size_t first = set_of(frame);
  for (std::size_t i = first; i < first + ways_; ++i) {
    if (frames_[i] != frame) continue;
    last_uses_[i] = ++clock_;
    return &slots_[i];
  }
  return nullptr;
}

PageCache::Slot& PageCache::claim(std::uint64_t frame) {
  const auto first = last_uses_.begin() + static_cast<std::ptrdiff_t>(set_of(frame));
  const auto oldest = std::min_element(first, first + static_cast<std::ptrdiff_t>(ways_));
  // Its last use stays, so that a slot that is not kept goes first the next time too.
  const std::size_t index = static_cast<std::size_t>(oldest - last_uses_.begin());
  frames_[index] = kNoFrame;
  return slots_[index];
}

void PageCache::keep(const Slot& slot, std::uint64_t frame) {
  const std::size_t index = static_cast<std::size_t>(&slot - slots_.data());
  frames_[index] = frame;
  last_uses_[index] = ++clock_;
}

}  // namespace whyhung::dump
