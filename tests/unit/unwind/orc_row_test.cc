// SPDX-License-Identifier: GPL-2.0-or-later
// Rows of all four versions of ORC, bit by bit (arch/x86/include/asm/orc_types.h of the kernels named in orc_table.h).
#include <gtest/gtest.h>

#include "unwind/orc_table.h"

namespace whyhung::unwind {
namespace {

OrcRow decode(OrcVersion version, unsigned bits, std::int16_t sp_offset = 0, std::int16_t bp_offset = 0) {
  std::array<std::byte, 6> bytes;
  store(bytes.data(), sp_offset, ByteOrder::kLittle);
  store(bytes.data() + 2, bp_offset, ByteOrder::kLittle);
  store(bytes.data() + 4, static_cast<std::uint16_t>(bits), ByteOrder::kLittle);
  return decode_orc_row(bytes, version);
}

TEST(OrcRow, OffsetsAreSignedInEveryVersion) {
  for (const auto version : {OrcVersion::k1, OrcVersion::k2, OrcVersion::k3, OrcVersion::k4}) {
    const OrcRow row = decode(version, 5, -16, -24);
    EXPECT_EQ(row.sp_offset, -16);
    EXPECT_EQ(row.bp_offset, -24);
  }
}

TEST(OrcRow, VersionsOneToThreeNumberTheirBasesAlike) {
  const OrcBase bases[] = {OrcBase::kUndefined,  OrcBase::kPreviousSp, OrcBase::kDx,        OrcBase::kDi,
                           OrcBase::kBp,         OrcBase::kSp,         OrcBase::kR10,       OrcBase::kR13,
                           OrcBase::kBpIndirect, OrcBase::kSpIndirect, OrcBase::kUndefined, OrcBase::kUndefined};
  for (const auto version : {OrcVersion::k1, OrcVersion::k2, OrcVersion::k3}) {
    for (unsigned code = 0; code < std::size(bases); ++code) {
      EXPECT_EQ(decode(version, code).sp_base, bases[code]) << code;
      EXPECT_EQ(decode(version, code << 4).bp_base, bases[code]) << code;
    }
  }
}

TEST(OrcRow, VersionFourNumbersItsBasesAnew) {
  const OrcBase bases[] = {OrcBase::kUndefined,  OrcBase::kAx,         OrcBase::kDx,         OrcBase::kSp,
                           OrcBase::kBp,         OrcBase::kDi,         OrcBase::kR10,        OrcBase::kR13,
                           OrcBase::kPreviousSp, OrcBase::kSpIndirect, OrcBase::kBpIndirect, OrcBase::kUndefined};
  for (unsigned code = 0; code < std::size(bases); ++code) {
    EXPECT_EQ(decode(OrcVersion::k4, code).sp_base, bases[code]) << code;
    EXPECT_EQ(decode(OrcVersion::k4, code << 4).bp_base, bases[code]) << code;
  }
}

TEST(OrcRow, TypesOfTheFirstTwoVersionsHaveTwoBits) {
  constexpr unsigned kSp = 5;
  for (const auto version : {OrcVersion::k1, OrcVersion::k2}) {
    EXPECT_EQ(decode(version, kSp | 0 << 8).type, OrcType::kCall);
    EXPECT_EQ(decode(version, kSp | 1 << 8).type, OrcType::kRegs);
    EXPECT_EQ(decode(version, kSp | 2 << 8).type, OrcType::kRegsPartial);
    EXPECT_EQ(decode(version, kSp | 3 << 8).type, OrcType::kUndefined);
    EXPECT_EQ(decode(version, 0).type, OrcType::kUndefined) << "a call without a base describes nothing";
  }
}

TEST(OrcRow, TheEndBitMovedWithTheSignalBit) {
  EXPECT_EQ(decode(OrcVersion::k1, 1 << 10).type, OrcType::kEndOfStack);
  EXPECT_EQ(decode(OrcVersion::k2, 1 << 11).type, OrcType::kEndOfStack);
  EXPECT_EQ(decode(OrcVersion::k2, 5 | 1 << 10).type, OrcType::kCall) << "bit 10 is `signal` here";
}

TEST(OrcRow, TypesOfTheLaterVersionsHaveThreeBits) {
  const OrcType types[] = {OrcType::kUndefined,   OrcType::kEndOfStack, OrcType::kCall,      OrcType::kRegs,
                           OrcType::kRegsPartial, OrcType::kUndefined,  OrcType::kUndefined, OrcType::kUndefined};
  for (const auto version : {OrcVersion::k3, OrcVersion::k4}) {
    for (unsigned code = 0; code < 8; ++code) {
      EXPECT_EQ(decode(version, 3 | code << 8).type, types[code]) << code;
      EXPECT_EQ(decode(version, 3 | code << 8 | 1 << 11).type, types[code]) << "`signal` is no part of the type";
    }
  }
}

TEST(OrcHash, EachKnownHashIsItsVersion) {
  const auto version = [](std::initializer_list<unsigned> first) {
    std::vector<std::byte> hash(20);
    std::size_t i = 0;
    for (const unsigned value : first) hash[i++] = std::byte{static_cast<std::uint8_t>(value)};
    return orc_version_of_hash(hash);
  };
  EXPECT_EQ(version({0xdb, 0x84, 0xae, 0xd4}), OrcVersion::k2);
  EXPECT_EQ(version({0xfe, 0x5d, 0x32, 0xbf}), OrcVersion::k3);
  EXPECT_EQ(version({0x13, 0x7c, 0x36, 0xad}), OrcVersion::k4);
  EXPECT_EQ(version({0xfe, 0x5d, 0x32, 0xbe}), std::nullopt);
  EXPECT_EQ(version({}), std::nullopt);
  EXPECT_EQ(orc_version_of_hash({}), std::nullopt);
}

}  // namespace
}  // namespace whyhung::unwind
