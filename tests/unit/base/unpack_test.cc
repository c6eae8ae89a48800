// SPDX-License-Identifier: GPL-2.0-or-later
// Packed files: what each kind of stream gives, and that a damaged one says so.
#include "base/unpack.h"

#include <bzlib.h>
#include <gtest/gtest.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

namespace whyhung {
namespace {

std::vector<std::byte> sample() {
  std::vector<std::byte> bytes(700'000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * i / 977 % 251);
  return bytes;
}

std::vector<std::byte> packed(Packing packing, const std::vector<std::byte>& bytes) {
  std::vector<std::byte> out(bytes.size() + 65536);
  std::size_t size = 0;
  if (packing == Packing::kGzip) {
    z_stream stream{};
    EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size = stream.total_out;
    deflateEnd(&stream);
  } else if (packing == Packing::kXz) {
    EXPECT_EQ(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, nullptr, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                      bytes.size(), reinterpret_cast<std::uint8_t*>(out.data()), &size, out.size()),
              LZMA_OK);
  } else if (packing == Packing::kBzip2) {
    auto length = static_cast<unsigned>(out.size());
    EXPECT_EQ(BZ2_bzBuffToBuffCompress(reinterpret_cast<char*>(out.data()), &length,
                                       reinterpret_cast<char*>(const_cast<std::byte*>(bytes.data())),
                                       static_cast<unsigned>(bytes.size()), 1, 0, 0),
              BZ_OK);
    size = length;
  } else {
    // Without a checksum some damage could not be seen.
    ZSTD_CCtx* context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    size = ZSTD_compress2(context, out.data(), out.size(), bytes.data(), bytes.size());
    ZSTD_freeCCtx(context);
  }
  out.resize(size);
  return out;
}

class UnpackTest : public testing::TestWithParam<Packing> {
 protected:
  std::vector<std::byte> bytes_ = sample();
  std::vector<std::byte> packed_ = packed(GetParam(), bytes_);
  Result<std::vector<std::byte>> unpacked(std::size_t limit = 1u << 20) {
    return unpack_to_memory(*make_memory_source(packed_), GetParam(), limit);
  }
};

TEST_P(UnpackTest, IsRecognisedByItsFirstBytes) {
  EXPECT_EQ(packing_of(packed_), GetParam());
}

TEST_P(UnpackTest, GivesWhatWasPacked) {
  const auto out = unpacked();
  ASSERT_TRUE(out) << out.error().what;
  EXPECT_EQ(*out, bytes_);
}

TEST_P(UnpackTest, TwoStreamsBehindEachOtherAreOneFile) {
  const auto once = packed_;
  packed_.insert(packed_.end(), once.begin(), once.end());
  const auto out = unpacked(2u << 20);
  ASSERT_TRUE(out) << out.error().what;
  EXPECT_EQ(out->size(), 2 * bytes_.size());
}

TEST_P(UnpackTest, ACutStreamIsSaidToBe) {
  packed_.resize(packed_.size() / 2);
  const auto out = unpacked();
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().kind, ErrorKind::kTruncated) << out.error().what;
}

TEST_P(UnpackTest, ADamagedStreamIsSaidToBe) {
  for (std::size_t i = packed_.size() / 2; i < packed_.size() / 2 + 64; ++i) packed_[i] ^= std::byte{0xff};
  EXPECT_FALSE(unpacked());
}

TEST_P(UnpackTest, MoreThanTheLimitIsRefused) {
  const auto out = unpacked(bytes_.size() - 1);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().kind, ErrorKind::kLimit);
}

INSTANTIATE_TEST_SUITE_P(Kinds, UnpackTest,
                         testing::Values(Packing::kGzip, Packing::kXz, Packing::kZstd, Packing::kBzip2),
                         [](const auto& one) { return std::string(name_of(one.param)); });

TEST(PackingTest, OtherFilesAreNotPacked) {
  const std::string_view text = "KDUMP   and more";
  EXPECT_EQ(packing_of(std::as_bytes(std::span(text))), std::nullopt);
  EXPECT_EQ(packing_of({}), std::nullopt);
}

}  // namespace
}  // namespace whyhung
