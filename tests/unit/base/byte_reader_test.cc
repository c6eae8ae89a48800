// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/byte_reader.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

namespace whyhung {
namespace {

template <std::size_t N>
std::array<std::byte, N> bytes(const std::uint8_t (&values)[N]) {
  std::array<std::byte, N> out;
  for (std::size_t i = 0; i < N; ++i) out[i] = std::byte{values[i]};
  return out;
}

TEST(ByteReader, ReadsIntegersOfBothByteOrders) {
  const auto data = bytes({0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08});
  EXPECT_EQ(ByteReader(data, ByteOrder::kLittle).u16(), 0x0201);
  EXPECT_EQ(ByteReader(data, ByteOrder::kBig).u16(), 0x0102);
  EXPECT_EQ(ByteReader(data, ByteOrder::kLittle).u32(), 0x04030201u);
  EXPECT_EQ(ByteReader(data, ByteOrder::kBig).u64(), 0x0102030405060708u);
  const auto negative = bytes({0xff, 0xff, 0xff, 0xfe});
  EXPECT_EQ(ByteReader(negative, ByteOrder::kBig).i32(), -2);
}

TEST(ByteReader, AReadPastTheEndGivesZeroAndTheErrorStays) {
  const auto data = bytes({1, 2, 3, 4, 5});
  ByteReader reader(data, ByteOrder::kLittle);
  EXPECT_EQ(reader.u32(), 0x04030201u);
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.u16(), 0u);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0u) << "a byte is left, but after an error nothing is given";
  EXPECT_EQ(reader.position(), 4u);
}

TEST(ByteReader, TheLastByteCanBeReadAndNoneBehindIt) {
  const auto data = bytes({9});
  ByteReader reader(data, ByteOrder::kLittle);
  EXPECT_EQ(reader.u8(), 9);
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.remaining(), 0u);
  EXPECT_TRUE(reader.bytes(0).empty());
  EXPECT_TRUE(reader.ok()) << "no bytes at the end are no error";
  reader.u8();
  EXPECT_FALSE(reader.ok());
}

TEST(ByteReader, CountsThatWouldWrapAreRefused) {
  const auto data = bytes({1, 2, 3, 4});
  ByteReader reader(data, ByteOrder::kLittle);
  reader.u16();
  EXPECT_TRUE(reader.bytes(~std::size_t{0}).empty());
  EXPECT_FALSE(reader.ok());
  ByteReader skipping(data, ByteOrder::kLittle);
  skipping.u16();
  skipping.skip(~std::size_t{0} - 1);
  EXPECT_FALSE(skipping.ok());
  EXPECT_EQ(skipping.position(), 2u);
}

TEST(ByteReader, SeekingIsBoundByTheBytes) {
  const auto data = bytes({1, 2, 3, 4});
  ByteReader reader(data, ByteOrder::kLittle);
  reader.seek(4);
  EXPECT_TRUE(reader.ok());
  reader.seek(1);
  EXPECT_EQ(reader.u8(), 2);
  reader.align(4);
  EXPECT_EQ(reader.position(), 4u);
  EXPECT_TRUE(reader.ok());
  reader.seek(5);
  EXPECT_FALSE(reader.ok());
}

TEST(ByteReader, AlignmentThatReachesOutOfTheBytesIsAnError) {
  const auto data = bytes({1, 2, 3, 4, 5});
  ByteReader reader(data, ByteOrder::kLittle);
  reader.seek(5);
  reader.align(4);
  EXPECT_FALSE(reader.ok());
}

TEST(ByteReader, FixedStringsEndAtTheirFirstNulOrTheirWidth) {
  const auto data = bytes({'a', 'b', 0, 'x', 'c', 'd', 'e', 'f'});
  ByteReader reader(data, ByteOrder::kLittle);
  EXPECT_EQ(reader.fixed_string(4), "ab");
  EXPECT_EQ(reader.fixed_string(4), "cdef");
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.fixed_string(1), "");
  EXPECT_FALSE(reader.ok());
}

TEST(ByteReader, AStringWithoutItsNulIsAnError) {
  const auto data = bytes({'a', 'b', 0, 'x', 'y'});
  ByteReader reader(data, ByteOrder::kLittle);
  EXPECT_EQ(reader.c_string(), "ab");
  EXPECT_EQ(reader.position(), 3u);
  EXPECT_EQ(reader.c_string(), "");
  EXPECT_FALSE(reader.ok());
}

TEST(Endian, StoreAndLoadAreEachOthersInverse) {
  std::array<std::byte, 8> room{};
  for (const ByteOrder order : {ByteOrder::kLittle, ByteOrder::kBig}) {
    store<std::int64_t>(room.data(), -2, order);
    EXPECT_EQ(load<std::int64_t>(room.data(), order), -2);
    store<std::uint16_t>(room.data(), 0xabcd, order);
    EXPECT_EQ(room[0], order == ByteOrder::kLittle ? std::byte{0xcd} : std::byte{0xab});
  }
}

}  // namespace
}  // namespace whyhung
