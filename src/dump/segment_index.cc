// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/segment_index.h"

#include <algorithm>

namespace whyhung::dump {
namespace {

// A lookup decodes at most this many segments behind an anchor.
constexpr std::uint64_t kSegmentsPerAnchor = 64;
// Between two segments that follow each other in a stream lies the header of the second.
constexpr std::uint64_t kUsualSourceGap = 16;

// The code of a segment: its flags and length in one number, then the gaps that the flags announce.
enum Flag : std::uint64_t {
  kDestinationGap = 1,  // does not begin where the one before ended
  kSourceGap = 2,       // other segments lie between the two in the stream
  kSameLength = 4,      // as long as the one before
};
constexpr unsigned kFlagBits = 3;

void put(std::vector<std::uint8_t>& code, std::uint64_t value) {
  while (value >= 0x80) {
    code.push_back(static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  code.push_back(static_cast<std::uint8_t>(value));
}

}  // namespace

// Decodes a chain from an anchor on.
class SegmentIndex::Walker {
 public:
  Walker(const Chain& chain, std::size_t anchor)
      : chain_(chain),
        left_(std::min(kSegmentsPerAnchor, chain.count - anchor * kSegmentsPerAnchor)),
        position_(chain.anchors[anchor].position),
        destination_(chain.anchors[anchor].destination),
        source_(chain.anchors[anchor].source),
        length_(chain.anchors[anchor].length_before) {}

  // The next segment of this anchor's.
  std::optional<Segment> next() {
    if (left_ == 0) return std::nullopt;
    --left_;
    const std::uint64_t head = take();
    const std::uint64_t length = (head & kSameLength) != 0 ? length_ : head >> kFlagBits;
    // An anchor has the gaps of its own segment in it already.
    const std::uint64_t destination_gap = (head & kDestinationGap) != 0 ? take() : 0;
    const std::uint64_t source_gap = (head & kSourceGap) != 0 ? take() : kUsualSourceGap;
    if (!first_) {
      destination_ += length_ + destination_gap;
      source_ += length_ + source_gap;
    }
    first_ = false;
    length_ = length;
    return Segment{destination_, source_, length_};
  }

 private:
  std::uint64_t take() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const std::uint64_t byte = chain_.code[position_++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  const Chain& chain_;
  std::uint64_t left_;
  std::uint64_t position_;
  std::uint64_t destination_;
  std::uint64_t source_;
  std::uint64_t length_;
  bool first_ = true;
};

SegmentIndex::Chain* SegmentIndex::chain_for(std::uint64_t destination) {
  Chain* best = nullptr;
  for (Chain& chain : chains_) {
    if (chain.end <= destination && (best == nullptr || chain.end > best->end)) best = &chain;
  }
  return best;
}

void SegmentIndex::append(Chain& chain, const Segment& segment) {
  if (chain.count % kSegmentsPerAnchor == 0) {
    chain.anchors.push_back({segment.destination, segment.source, chain.code.size(), chain.last_length});
  }
  const std::uint64_t destination_gap = segment.destination - chain.end;
  const std::uint64_t source_gap = segment.source - chain.source_end;
  std::uint64_t flags = 0;
  if (destination_gap != 0) flags |= kDestinationGap;
  if (source_gap != kUsualSourceGap) flags |= kSourceGap;
  if (segment.length == chain.last_length) flags |= kSameLength;
  put(chain.code, (flags & kSameLength) != 0 ? flags : segment.length << kFlagBits | flags);
  if (destination_gap != 0) put(chain.code, destination_gap);
  if (source_gap != kUsualSourceGap) put(chain.code, source_gap);
  ++chain.count;
  chain.end = segment.destination + segment.length;
  chain.source_end = segment.source + segment.length;
  chain.last_length = segment.length;
}

bool SegmentIndex::add(const Segment& segment) {
  Chain* chain = chain_for(segment.destination);
  if (chain == nullptr) {
    if (chains_.size() == kMostChains) return false;
    chains_.emplace_back();
    chain = &chains_.back();
    chain->begin = chain->end = segment.destination;
  }
  append(*chain, segment);
  end_ = std::max(end_, chain->end);
  ++segments_;
  bytes_written_ += segment.length;
  return true;
}

void SegmentIndex::finish() {
  for (Chain& chain : chains_) {
    chain.code.shrink_to_fit();
    chain.anchors.shrink_to_fit();
  }
}

SegmentIndex::Piece SegmentIndex::find(std::uint64_t destination) const {
  std::optional<Segment> found;
  std::uint64_t boundary = end_;  // where another segment begins, which may be a later one
  for (const Chain& chain : chains_) {
    if (destination >= chain.end) continue;
    if (destination < chain.begin) {
      boundary = std::min(boundary, chain.begin);
      continue;
    }
    const auto after = std::upper_bound(chain.anchors.begin(), chain.anchors.end(), destination,
                                        [](std::uint64_t wanted, const Anchor& a) { return wanted < a.destination; });
    if (after != chain.anchors.end()) boundary = std::min(boundary, after->destination);
    Walker walker(chain, static_cast<std::size_t>(after - chain.anchors.begin()) - 1);
    while (const auto segment = walker.next()) {
      if (segment->destination > destination) {
        boundary = std::min(boundary, segment->destination);
        break;
      }
      if (destination - segment->destination >= segment->length) continue;
      if (!found || segment->source > found->source) found = segment;
    }
  }
  if (!found) return {std::nullopt, boundary - destination};
  const std::uint64_t inside = destination - found->destination;
  return {found->source + inside, std::min(found->length - inside, boundary - destination)};
}

std::uint64_t SegmentIndex::memory_bytes() const {
  std::uint64_t bytes = 0;
  for (const Chain& chain : chains_) bytes += chain.code.capacity() + chain.anchors.capacity() * sizeof(Anchor);
  return bytes;
}

}  // namespace whyhung::dump
