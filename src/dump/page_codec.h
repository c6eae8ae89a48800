// SPDX-License-Identifier: GPL-2.0-or-later
// The compression methods of kdump-compressed pages: one table, one line each. Which one a page uses is in its
// descriptor; the header's status only says what the writer meant to use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace whyhung::dump {

enum class Codec : std::uint8_t { kNone, kZlib, kLzo, kSnappy, kZstd };

// "none", "zlib", "lzo", "snappy", "zstd".
std::string_view codec_name(Codec codec);

// The method that a page descriptor's flags ask for; nothing when they hold a bit that no known method has. The bits
// are those of makedumpfile's diskdump_mod.h, DUMP_DH_COMPRESSED_*.
std::optional<Codec> codec_of_page_flags(std::uint32_t flags);
// The flag that marks a page as compressed so.
std::uint32_t page_flag_of(Codec codec);
// The method that the main header's status announces; its other bits are ignored.
Codec codec_of_status(std::uint32_t status);

// Decompresses pages. Keeps the contexts of the libraries between pages, and makes each when it is first needed.
class PageDecoder {
 public:
  PageDecoder();
  PageDecoder(const PageDecoder&) = delete;
  PageDecoder& operator=(const PageDecoder&) = delete;
  ~PageDecoder();

  // True when `packed` is sound and gives exactly out.size() bytes. Otherwise `out` may hold anything.
  bool decode(Codec codec, std::span<const std::byte> packed, std::span<std::byte> out);

  struct Contexts;

 private:
  std::unique_ptr<Contexts> contexts_;
};

}  // namespace whyhung::dump
