// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/frame_set.h"

#include <algorithm>
#include <bit>

namespace whyhung::dump {
namespace {

constexpr std::size_t kFirstSize = 64;

}  // namespace

std::size_t FrameSet::position_of(std::uint64_t group) const {
  const std::size_t last = entries_.size() - 1;
  std::size_t position = ((group * 0x9e3779b97f4a7c15) >> 32) & last;
  while (entries_[position].mask != 0 && entries_[position].group != group) position = (position + 1) & last;
  return position;
}

void FrameSet::grow() {
  std::vector<Entry> old(std::max(kFirstSize, entries_.size() * 2));
  old.swap(entries_);
  for (const Entry& entry : old) {
    if (entry.mask != 0) entries_[position_of(entry.group)] = entry;
  }
}

bool FrameSet::insert(std::uint64_t frame) {
  if (used_ * 4 >= entries_.size() * 3) grow();
  Entry& entry = entries_[position_of(frame / 64)];
  const std::uint64_t bit = std::uint64_t{1} << (frame % 64);
  if ((entry.mask & bit) != 0) return false;
  if (entry.mask == 0) ++used_;
  entry.group = frame / 64;
  entry.mask |= bit;
  ++size_;
  return true;
}

bool FrameSet::contains(std::uint64_t frame) const {
  if (entries_.empty()) return false;
  return (entries_[position_of(frame / 64)].mask >> (frame % 64) & 1) != 0;
}

std::vector<std::uint64_t> FrameSet::sorted() const {
  std::vector<std::uint64_t> frames;
  frames.reserve(size_);
  for (const Entry& entry : entries_) {
    for (std::uint64_t mask = entry.mask; mask != 0; mask &= mask - 1) {
      frames.push_back(entry.group * 64 + static_cast<unsigned>(std::countr_zero(mask)));
    }
  }
  std::sort(frames.begin(), frames.end());
  return frames;
}

}  // namespace whyhung::dump
