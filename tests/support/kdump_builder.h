// SPDX-License-Identifier: GPL-2.0-or-later
// Composes kdump-compressed files in memory, of any version, byte order and codec, split or cut short; and wraps any
// file into makedumpfile's flattened stream. Written from the format's description, not from the reader.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "support/memory_image.h"

namespace whyhung::test {

enum class PageCodec { kNone, kZlib, kLzo, kSnappy, kZstd, kMixed };

struct KdumpForm {
  int version = 6;
  ByteOrder order = ByteOrder::kLittle;
  PageCodec codec = PageCodec::kLzo;
  std::string signature = "KDUMP   ";
  std::string system = "Linux", node_name = "testhost", release = "6.1.0-test", version_text = "#1 SMP Test",
              machine = "x86_64";
  std::uint64_t timestamp = 1700000001;
  std::uint32_t status_bits = 0;  // in addition to the codec's
  std::int32_t dump_level = 31;
  std::optional<Bytes> notes;     // default: sample_notes()
  std::string header_vmcoreinfo;  // put behind the notes, found through the header alone
  std::string erase_info;         // likewise; version 5 and later
  bool one_bitmap = false;        // as the full dumps of old did; pages that were left out do not exist then
  bool shared_zero_page = true;   // zero pages have one descriptor's data, as makedumpfile -d 1 writes
  bool is_32_bit = false;         // only the main header, in the 32-bit layout
  std::optional<std::pair<std::uint64_t, std::uint64_t>> part;  // start_pfn, end_pfn
  std::optional<std::size_t> pages_written;  // the writer ran out of space after so many: zero descriptors behind
};

// Where the parts of a built file lie, for tests that damage them.
struct KdumpFile {
  Bytes bytes;
  std::size_t bitmap_offset = 0;
  std::size_t bitmap_bytes = 0;  // both
  std::size_t descriptors_offset = 0;
  std::size_t data_offset = 0;
};

KdumpFile build_kdump(const MemoryImage& image, const KdumpForm& form);

// `count` files of `makedumpfile --split`, frames divided evenly.
std::vector<Bytes> build_split(const MemoryImage& image, KdumpForm form, unsigned count);

struct FlattenForm {
  enum class Writer { kMakedumpfile, kQemu };
  Writer writer = Writer::kMakedumpfile;
  std::size_t piece = 65536;    // of page data and descriptors: exactly so long, or for QEMU at most
  bool rewrites_header = true;  // a wrong header first, the right one at the end
  bool end_mark = true;
};

// The file as a stream. `tables` are offsets at which writers begin a buffer of its own (descriptors, page data): the
// pieces of the regions between them are interleaved.
Bytes flatten(std::span<const std::byte> file, std::span<const std::size_t> tables, const FlattenForm& form);
Bytes flatten(const KdumpFile& file, const FlattenForm& form);

}  // namespace whyhung::test
