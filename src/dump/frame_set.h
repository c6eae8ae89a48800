// SPDX-License-Identifier: GPL-2.0-or-later
// FrameSet: a set of page frame numbers, kept as 64-frame masks in an open-addressing table. Memory grows with what was
// touched, not with the size of the crashed machine.
#pragma once

#include <cstdint>
#include <vector>

namespace whyhung::dump {

class FrameSet {
 public:
  // True when the frame was not in the set before. Frames below 2^63 only.
  bool insert(std::uint64_t frame);
  bool contains(std::uint64_t frame) const;
  std::uint64_t size() const { return size_; }
  std::vector<std::uint64_t> sorted() const;

 private:
  struct Entry {
    std::uint64_t group = 0;
    std::uint64_t mask = 0;  // 0: the entry is free
  };
  std::size_t position_of(std::uint64_t group) const;
  void grow();

  std::vector<Entry> entries_;  // empty or a power of two
  std::size_t used_ = 0;
  std::uint64_t size_ = 0;
};

}  // namespace whyhung::dump
