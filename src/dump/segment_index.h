// SPDX-License-Identifier: GPL-2.0-or-later
// SegmentIndex: where the bytes of a flattened dump lie in its stream, in a few bytes per segment. A writer interleaves
// two or three tables that each grow upwards (descriptors, page data, bitmaps), so the segments are kept as a few
// ascending chains, each written down as lengths and the rare gaps; nothing is sorted and nothing kept twice.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace whyhung::dump {

class SegmentIndex {
 public:
  struct Segment {
    std::uint64_t destination;  // offset in the rearranged file
    std::uint64_t source;       // offset in the stream
    std::uint64_t length;
  };
  // What lies at an offset of the rearranged file, and for how far. Nothing was written to a hole.
  struct Piece {
    std::optional<std::uint64_t> source;
    std::uint64_t length;
  };

  // Adds a segment of at least one byte; sources ascend. False when the segments come in no order that a writer has
  // (more than kMostChains chains): they are then too many to keep.
  bool add(const Segment& segment);
  // To be called once after the last add(): gives back memory that growing has left over.
  void finish();

  // Of segments that overlap the later one counts, as when the stream is rearranged. The offset has to be below end().
  Piece find(std::uint64_t destination) const;

  std::uint64_t end() const { return end_; }
  std::uint64_t segments() const { return segments_; }
  // Sum of the segments' lengths: below end() when there are holes.
  std::uint64_t bytes_written() const { return bytes_written_; }
  std::uint64_t memory_bytes() const;

  static constexpr std::size_t kMostChains = 64;

 private:
  struct Anchor {
    std::uint64_t destination;
    std::uint64_t source;
    std::uint64_t position;       // in Chain::code, of the segment's code
    std::uint64_t length_before;  // length of the segment before: "the same length" refers to it
  };
  struct Chain {
    std::vector<std::uint8_t> code;
    std::vector<Anchor> anchors;
    std::uint64_t count = 0;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;         // of the last segment, in the rearranged file
    std::uint64_t source_end = 0;  // and in the stream
    std::uint64_t last_length = 0;
  };
  class Walker;

  Chain* chain_for(std::uint64_t destination);
  static void append(Chain& chain, const Segment& segment);

  std::vector<Chain> chains_;
  std::uint64_t end_ = 0;
  std::uint64_t segments_ = 0;
  std::uint64_t bytes_written_ = 0;
};

}  // namespace whyhung::dump
