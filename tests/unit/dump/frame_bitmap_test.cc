// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/frame_bitmap.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "dump/frame_set.h"

namespace whyhung::dump {
namespace {

std::shared_ptr<ByteSource> source_of(const std::vector<bool>& bits, std::size_t offset) {
  std::vector<std::byte> bytes(offset + (bits.size() + 7) / 8, std::byte{0});
  std::fill(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(offset), std::byte{0xff});
  for (std::size_t i = 0; i < bits.size(); ++i) {
    if (bits[i]) bytes[offset + i / 8] |= std::byte{1} << (i % 8);
  }
  return make_memory_source(std::move(bytes));
}

std::vector<bool> random_bits(std::size_t count, unsigned one_in) {
  std::mt19937 random(42);
  std::vector<bool> bits(count);
  for (std::size_t i = 0; i < count; ++i) bits[i] = random() % one_in == 0;
  return bits;
}

void expect_ranks(const std::vector<bool>& bits, std::uint64_t first, std::uint64_t end) {
  auto bitmap = FrameBitmap::build(source_of(bits, 4096), 4096, bits.size(), first, end);
  ASSERT_TRUE(bitmap);
  std::uint64_t rank = 0;
  for (std::uint64_t frame = first; frame < end; ++frame) {
    const auto place = bitmap->find(frame);
    ASSERT_TRUE(place);
    ASSERT_EQ(place->set, bits[frame]) << frame;
    ASSERT_EQ(place->rank, rank) << frame;
    rank += bits[frame] ? 1 : 0;
  }
  EXPECT_EQ(bitmap->count(), rank);
  EXPECT_EQ(bitmap->known_end(), end);
}

TEST(FrameBitmap, RanksEqualACountFromTheStart) {
  expect_ranks(random_bits(50000, 3), 0, 50000);
}

TEST(FrameBitmap, RanksOfAPartOfASplitSetCountFromItsFirstFrame) {
  const auto bits = random_bits(50000, 2);
  expect_ranks(bits, 4096, 12288);
  expect_ranks(bits, 12345, 40001);
  expect_ranks(bits, 49999, 50000);
}

TEST(FrameBitmap, AFullBitmapIsCountedWithoutOverflowOfPartialSums) {
  expect_ranks(std::vector<bool>(700000, true), 0, 700000);
}

TEST(FrameBitmap, NextSkipsToEverySetFrameAndStopsAtTheEnd) {
  for (const unsigned one_in : {2U, 50U, 9000U}) {
    const auto bits = random_bits(60000, one_in);
    auto bitmap = FrameBitmap::build(source_of(bits, 0), 0, bits.size(), 100, 59000);
    ASSERT_TRUE(bitmap);
    std::uint64_t expected = 100;
    std::uint64_t from = 0;
    for (;;) {
      while (expected < 59000 && !bits[expected]) ++expected;
      const auto next = bitmap->next(from);
      if (expected == 59000) {
        EXPECT_EQ(next, std::nullopt);
        break;
      }
      ASSERT_EQ(next, expected);
      from = ++expected;
    }
  }
}

TEST(FrameBitmap, ACutBitmapKnowsWhereItEnds) {
  auto bits = random_bits(40000, 2);
  bits.resize(16384);  // of 40000
  auto bitmap = FrameBitmap::build(source_of(bits, 0), 0, 40000, 0, 40000);
  ASSERT_TRUE(bitmap);
  EXPECT_EQ(bitmap->known_end(), 16384u);
  EXPECT_TRUE(bitmap->find(16383));
  EXPECT_EQ(bitmap->find(16384).error(), FaultKind::kTruncated);
  EXPECT_EQ(bitmap->test(39999).error(), FaultKind::kTruncated);
}

TEST(FrameSet, HoldsWhatWasInsertedAndNothingElse) {
  std::mt19937_64 random(7);
  std::set<std::uint64_t> expected;
  FrameSet set;
  EXPECT_FALSE(set.contains(0));
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t frame = random() % 3 == 0 ? random() >> 20 : random() % 5000;
    EXPECT_EQ(set.insert(frame), expected.insert(frame).second);
  }
  EXPECT_EQ(set.size(), expected.size());
  EXPECT_EQ(set.sorted(), std::vector<std::uint64_t>(expected.begin(), expected.end()));
  for (std::uint64_t frame = 0; frame < 6000; ++frame) EXPECT_EQ(set.contains(frame), expected.contains(frame));
}

}  // namespace
}  // namespace whyhung::dump
