// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/page_codec.h"

#include <libdeflate.h>
#include <lzo/lzo1x.h>
#include <snappy-c.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace whyhung::dump {

struct PageDecoder::Contexts {
  std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> deflate{
      nullptr, &libdeflate_free_decompressor};
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> zstd{nullptr, &ZSTD_freeDCtx};
};

namespace {

using Packed = std::span<const std::byte>;
using Unpacked = std::span<std::byte>;

bool decode_none(PageDecoder::Contexts&, Packed packed, Unpacked out) {
  if (packed.size() != out.size()) return false;
  std::memcpy(out.data(), packed.data(), out.size());
  return true;
}

bool decode_zlib(PageDecoder::Contexts& contexts, Packed packed, Unpacked out) {
  if (!contexts.deflate) contexts.deflate.reset(libdeflate_alloc_decompressor());
  if (!contexts.deflate) return false;
  // Without a place for the actual size, success means that the output was filled exactly.
  return libdeflate_zlib_decompress(contexts.deflate.get(), packed.data(), packed.size(), out.data(), out.size(),
                                    nullptr) == LIBDEFLATE_SUCCESS;
}

bool decode_lzo(PageDecoder::Contexts&, Packed packed, Unpacked out) {
  lzo_uint length = out.size();
  const int status = lzo1x_decompress_safe(reinterpret_cast<const unsigned char*>(packed.data()), packed.size(),
                                           reinterpret_cast<unsigned char*>(out.data()), &length, nullptr);
  return status == LZO_E_OK && length == out.size();
}

bool decode_snappy(PageDecoder::Contexts&, Packed packed, Unpacked out) {
  const char* const input = reinterpret_cast<const char*>(packed.data());
  std::size_t length = 0;
  if (snappy_uncompressed_length(input, packed.size(), &length) != SNAPPY_OK || length != out.size()) return false;
  return snappy_uncompress(input, packed.size(), reinterpret_cast<char*>(out.data()), &length) == SNAPPY_OK &&
         length == out.size();
}

bool decode_zstd(PageDecoder::Contexts& contexts, Packed packed, Unpacked out) {
  if (!contexts.zstd) contexts.zstd.reset(ZSTD_createDCtx());
  if (!contexts.zstd) return false;
  return ZSTD_decompressDCtx(contexts.zstd.get(), out.data(), out.size(), packed.data(), packed.size()) == out.size();
}

struct CodecRow {
  Codec codec;
  std::uint32_t flag;
  std::string_view name;
  bool (*decode)(PageDecoder::Contexts&, Packed, Unpacked);
};

// In the order in which crash and makedumpfile test the flags, should a page ever have two.
constexpr std::array kCodecs = {
    CodecRow{Codec::kZlib, 0x01, "zlib", decode_zlib},       CodecRow{Codec::kLzo, 0x02, "lzo", decode_lzo},
    CodecRow{Codec::kSnappy, 0x04, "snappy", decode_snappy}, CodecRow{Codec::kZstd, 0x20, "zstd", decode_zstd},
    CodecRow{Codec::kNone, 0x00, "none", decode_none},
};

const CodecRow& row_of(Codec codec) {
  return *std::find_if(kCodecs.begin(), kCodecs.end(), [&](const CodecRow& row) { return row.codec == codec; });
}

}  // namespace

std::string_view codec_name(Codec codec) {
  return row_of(codec).name;
}

std::uint32_t page_flag_of(Codec codec) {
  return row_of(codec).flag;
}

std::optional<Codec> codec_of_page_flags(std::uint32_t flags) {
  std::uint32_t known = 0;
  for (const CodecRow& row : kCodecs) known |= row.flag;
  if ((flags & ~known) != 0) return std::nullopt;
  return codec_of_status(flags);
}

Codec codec_of_status(std::uint32_t status) {
  for (const CodecRow& row : kCodecs) {
    if ((status & row.flag) != 0) return row.codec;
  }
  return Codec::kNone;
}

PageDecoder::PageDecoder() : contexts_(std::make_unique<Contexts>()) {}
PageDecoder::~PageDecoder() = default;

bool PageDecoder::decode(Codec codec, std::span<const std::byte> packed, std::span<std::byte> out) {
  return row_of(codec).decode(*contexts_, packed, out);
}

}  // namespace whyhung::dump
