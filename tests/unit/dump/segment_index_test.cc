// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/segment_index.h"

#include <gtest/gtest.h>

#include <random>

namespace whyhung::dump {
namespace {

// What find() says of every byte, against an array that the segments were written into one after the other.
void expect_same_as_array(const std::vector<SegmentIndex::Segment>& segments) {
  SegmentIndex index;
  std::vector<std::uint64_t> sources;  // 0: never written
  for (const auto& segment : segments) {
    ASSERT_TRUE(index.add(segment));
    sources.resize(std::max<std::size_t>(sources.size(), segment.destination + segment.length));
    for (std::uint64_t i = 0; i < segment.length; ++i) sources[segment.destination + i] = segment.source + i;
  }
  index.finish();
  ASSERT_EQ(index.end(), sources.size());
  for (std::uint64_t at = 0; at < sources.size();) {
    const SegmentIndex::Piece piece = index.find(at);
    ASSERT_GT(piece.length, 0u);
    ASSERT_LE(at + piece.length, sources.size());
    for (std::uint64_t i = 0; i < piece.length; ++i) {
      ASSERT_EQ(piece.source ? *piece.source + i : 0, sources[at + i]) << "at " << at + i;
    }
    at += piece.length;
  }
}

TEST(SegmentIndex, TwoTablesThatGrowSideBySideAreFoundWhole) {
  std::vector<SegmentIndex::Segment> segments;
  std::uint64_t source = 4096, descriptors = 1000, data = 50000;
  std::mt19937 random(1);
  for (int i = 0; i < 500; ++i) {
    const std::uint64_t length = 1 + random() % 90;
    std::uint64_t& table = i % 7 == 0 ? descriptors : data;
    segments.push_back({table, source + 16, length});
    table += length;
    source += 16 + length;
  }
  expect_same_as_array(segments);
}

TEST(SegmentIndex, ALaterSegmentOverwritesAnEarlierOne) {
  expect_same_as_array({{0, 4112, 464}, {464, 5000, 1000}, {0, 7000, 464}});
  expect_same_as_array({{100, 4112, 50}, {0, 5000, 400}, {120, 6000, 10}});
  expect_same_as_array({{0, 4112, 400}, {50, 5000, 5}, {40, 6000, 100}, {52, 7000, 2}});
}

TEST(SegmentIndex, RandomOverlapsAreRearrangedAsAWriterWould) {
  std::mt19937 random(99);
  for (int round = 0; round < 200; ++round) {
    std::vector<SegmentIndex::Segment> segments;
    std::uint64_t source = 4112;
    for (int i = 0; i < 40; ++i) {
      const std::uint64_t length = 1 + random() % 60;
      segments.push_back({random() % 500, source, length});
      source += length + 16 + (random() % 4 == 0 ? random() % 300 : 0);
    }
    expect_same_as_array(segments);
  }
}

TEST(SegmentIndex, SegmentsInNoOrderAreRefusedRatherThanKept) {
  SegmentIndex index;
  std::uint64_t source = 4112;
  bool accepted = true;
  for (std::uint64_t i = 0; i < 1000 && accepted; ++i, source += 26) accepted = index.add({10000 - i * 10, source, 10});
  EXPECT_FALSE(accepted);
}

TEST(SegmentIndex, ASegmentOfQemuCostsFewBytes) {
  SegmentIndex index;
  std::mt19937 random(5);
  std::uint64_t source = 4096, descriptors = 1 << 20, data = 1 << 28;
  constexpr std::uint64_t kSegments = 100000;
  for (std::uint64_t i = 0; i < kSegments; ++i) {
    std::uint64_t& table = i % 64 == 0 ? descriptors : data;
    const std::uint64_t length = 16384 - random() % 4096;
    ASSERT_TRUE(index.add({table, source + 16, length}));
    table += length;
    source += length + 16;
  }
  index.finish();
  EXPECT_LT(static_cast<double>(index.memory_bytes()) / kSegments, 4.0);
}

TEST(SegmentIndex, SegmentsOfEqualLengthCostLessStill) {
  SegmentIndex index;
  std::uint64_t source = 4096, destination = 0;
  for (int i = 0; i < 100000; ++i, destination += 65536, source += 65552) {
    ASSERT_TRUE(index.add({destination, source + 16, 65536}));
  }
  index.finish();
  EXPECT_LT(index.memory_bytes(), 200000u);
}

}  // namespace
}  // namespace whyhung::dump
