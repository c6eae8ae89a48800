// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/page_codec.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <vector>

namespace whyhung::dump {
namespace {

TEST(PageCodec, FlagsOfTheFormatNameTheirMethod) {
  EXPECT_EQ(codec_of_page_flags(0), Codec::kNone);
  EXPECT_EQ(codec_of_page_flags(0x01), Codec::kZlib);
  EXPECT_EQ(codec_of_page_flags(0x02), Codec::kLzo);
  EXPECT_EQ(codec_of_page_flags(0x04), Codec::kSnappy);
  EXPECT_EQ(codec_of_page_flags(0x20), Codec::kZstd);
}

TEST(PageCodec, AnUnknownPageFlagIsNotGuessedAt) {
  EXPECT_EQ(codec_of_page_flags(0x40), std::nullopt);
}

TEST(PageCodec, StatusMayHaveOtherBits) {
  EXPECT_EQ(codec_of_status(0x8 | 0x2), Codec::kLzo);
  EXPECT_EQ(codec_of_status(0x10), Codec::kNone);
}

TEST(PageCodec, APageThatIsTooShortOrTooLongIsRefused) {
  std::vector<std::byte> page(4096, std::byte{7});
  std::vector<std::byte> packed(8192);
  packed.resize(ZSTD_compress(packed.data(), packed.size(), page.data(), page.size(), 1));
  PageDecoder decoder;
  std::vector<std::byte> exact(4096), longer(4097), shorter(4095);
  EXPECT_TRUE(decoder.decode(Codec::kZstd, packed, exact));
  EXPECT_EQ(exact, page);
  EXPECT_FALSE(decoder.decode(Codec::kZstd, packed, longer));
  EXPECT_FALSE(decoder.decode(Codec::kZstd, packed, shorter));
}

TEST(PageCodec, NoiseIsRefusedByEveryMethod) {
  std::vector<std::byte> noise(500), out(4096);
  for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<std::byte>(i * 167 + 13);
  PageDecoder decoder;
  for (const Codec codec : {Codec::kNone, Codec::kZlib, Codec::kLzo, Codec::kSnappy, Codec::kZstd}) {
    EXPECT_FALSE(decoder.decode(codec, noise, out)) << codec_name(codec);
    EXPECT_FALSE(decoder.decode(codec, {}, out)) << codec_name(codec);
  }
}

}  // namespace
}  // namespace whyhung::dump
