// SPDX-License-Identifier: GPL-2.0-or-later
// The main header and sub header of the kdump-compressed format, of every version, byte order and writer, brought into
// one form. Layout: makedumpfile's diskdump_mod.h and IMPLEMENTATION; QEMU writes the same with its own include/sysemu/
// dump.h, in the byte order of the CPU model rather than of the guest's kernel.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/byte_source.h"
#include "base/endian.h"

namespace whyhung::dump {

// Sizes that both the reader and the capsule writer need. Of the 64-bit layout, the only one that is read.
inline constexpr std::size_t kKdumpMainHeaderBytes = 464;
inline constexpr std::size_t kKdumpSubHeaderBytes = 104;
inline constexpr std::uint32_t kPageDescriptorBytes = 24;
inline constexpr std::uint32_t kSmallestBlock = 512;
inline constexpr std::uint32_t kLargestBlock = 1024 * 1024;
// Page frames of 4 PB in 4 KB pages: what 52 bits of physical address reach.
inline constexpr std::uint64_t kMostFrames = std::uint64_t{1} << 40;

enum KdumpStatus : std::uint32_t {
  kStatusIncomplete = 0x8,  // DUMP_DH_COMPRESSED_INCOMPLETE: the writer ran out of space
};

struct FileRange {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  bool present() const { return offset != 0 && size != 0; }
};

struct KdumpHeader {
  ByteOrder order = ByteOrder::kLittle;
  bool old_diskdump = false;  // signature "DISKDUMP": no sub header that we read
  int version = 0;
  std::string system, node_name, release, version_text, machine;
  std::uint64_t timestamp = 0;
  std::uint32_t status = 0;
  std::uint32_t block_size = 0;
  std::uint64_t sub_header_blocks = 0;
  std::uint64_t bitmap_blocks = 0;
  std::uint64_t max_frame = 0;  // max_mapnr: highest page frame + 1
  std::optional<std::int32_t> dump_level;
  bool split = false;
  std::uint64_t first_frame = 0;  // of this file of a split set: [first_frame, end_frame)
  std::uint64_t end_frame = 0;
  FileRange vmcoreinfo, notes, erase_info;

  std::uint64_t bitmap_offset() const { return block_size * (1 + sub_header_blocks); }
  std::uint64_t bitmap_bytes() const { return block_size * bitmap_blocks; }
  std::uint64_t descriptors_offset() const { return bitmap_offset() + bitmap_bytes(); }
  // Old full dumps have one bitmap; the others have two of equal length, the second of which ranks the descriptors.
  bool two_bitmaps() const { return bitmap_bytes() / 2 * 8 >= max_frame; }
};

bool is_kdump_signature(std::span<const std::byte> head);

// Errors: kTruncated (the file ends inside of a header), kUnsupported (a 32-bit machine's layout), kCorrupt (sizes that
// make no sense in either byte order).
Result<KdumpHeader> read_kdump_header(const ByteSource& source);

}  // namespace whyhung::dump
