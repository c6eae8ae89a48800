// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/kdump_header.h"

#include <array>
#include <bit>
#include <cstring>

#include "base/byte_reader.h"
#include "base/text.h"

namespace whyhung::dump {
namespace {

constexpr std::size_t kSignatureBytes = 8;
constexpr std::size_t kUtsField = 65;
constexpr int kNewestVersion = 6;

// Where the two layouts put the fields behind utsname: a long and a struct timeval are what differs.
struct Layout {
  std::string_view name;
  std::size_t timestamp;
  std::size_t status;
};
constexpr Layout kLayout64{"64-bit", 408, 424};
constexpr Layout kLayout32{"32-bit", 404, 412};

bool is_64_bit(const Layout& layout) {
  return &layout == &kLayout64;
}

bool has_signature(std::span<const std::byte> head, std::string_view signature) {
  return head.size() >= signature.size() && std::memcmp(head.data(), signature.data(), signature.size()) == 0;
}

KdumpHeader read_main_header(std::span<const std::byte> bytes, const Layout& layout, ByteOrder order) {
  KdumpHeader header;
  header.order = order;
  ByteReader reader(bytes, order);
  reader.skip(kSignatureBytes);
  header.version = reader.i32();
  header.system = reader.fixed_string(kUtsField);
  header.node_name = reader.fixed_string(kUtsField);
  header.release = reader.fixed_string(kUtsField);
  header.version_text = reader.fixed_string(kUtsField);
  header.machine = reader.fixed_string(kUtsField);
  reader.seek(layout.timestamp);
  header.timestamp = is_64_bit(layout) ? reader.u64() : reader.u32();
  reader.seek(layout.status);
  header.status = reader.u32();
  header.block_size = reader.u32();
  header.sub_header_blocks = reader.u32();
  header.bitmap_blocks = reader.u32();
  header.max_frame = reader.u32();
  return header;
}

// Whether the fields can be meant: the test that tells byte orders and layouts apart.
bool makes_sense(const KdumpHeader& header) {
  const std::uint32_t block = header.block_size;
  const bool version = header.version >= 0 && header.version < 256;
  const bool size = std::has_single_bit(block) && block >= kSmallestBlock && block <= kLargestBlock;
  constexpr std::uint64_t kMostSubHeaderBytes = std::uint64_t{1} << 32;
  const bool sub = header.sub_header_blocks >= 1 && header.sub_header_blocks * block <= kMostSubHeaderBytes;
  const bool bitmap =
      header.bitmap_blocks >= 1 && (header.version >= kNewestVersion || header.bitmap_bytes() * 8 >= header.max_frame);
  return version && size && sub && bitmap;
}

void read_sub_header(std::span<const std::byte> bytes, KdumpHeader& header) {
  ByteReader reader(bytes, header.order);
  reader.skip(8);  // phys_base: QEMU writes a wrong one, and VMCOREINFO has it
  const std::int32_t dump_level = reader.i32();
  if (header.version >= 1) header.dump_level = dump_level;
  const std::int32_t split = reader.i32();
  header.split = header.version >= 2 && split != 0;
  header.first_frame = reader.u64();
  header.end_frame = reader.u64();
  const FileRange vmcoreinfo{reader.u64(), reader.u64()};
  if (header.version >= 3) header.vmcoreinfo = vmcoreinfo;
  const FileRange notes{reader.u64(), reader.u64()};
  if (header.version >= 4) header.notes = notes;
  const FileRange erase_info{reader.u64(), reader.u64()};
  if (header.version >= 5) header.erase_info = erase_info;
  if (header.version < kNewestVersion) return;
  header.first_frame = reader.u64();
  header.end_frame = reader.u64();
  header.max_frame = reader.u64();
}

Result<void> check_frames(const ByteSource& source, KdumpHeader& header) {
  const std::uint64_t bits = header.bitmap_bytes() * 8;
  if (header.max_frame == 0 || header.max_frame > kMostFrames || header.max_frame > bits) {
    return fail(ErrorKind::kCorrupt, "{}: its header claims {:#x} page frames, its bitmap has room for {:#x}",
                source.name(), header.max_frame, bits);
  }
  if (!header.split) {
    header.first_frame = 0;
    header.end_frame = header.max_frame;
  }
  if (header.end_frame > header.max_frame) header.end_frame = header.max_frame;
  // Where memory is smaller than makedumpfile's unit of splitting, some parts have no frames: both are then max_mapnr.
  if (header.first_frame > header.end_frame) {
    return fail(ErrorKind::kCorrupt, "{}: this part of a split set claims the page frames {:#x} to {:#x} of {:#x}",
                source.name(), header.first_frame, header.end_frame, header.max_frame);
  }
  return {};
}

}  // namespace

bool is_kdump_signature(std::span<const std::byte> head) {
  return has_signature(head, "KDUMP   ") || has_signature(head, "DISKDUMP");
}

Result<KdumpHeader> read_kdump_header(const ByteSource& source) {
  std::array<std::byte, kKdumpMainHeaderBytes> bytes{};
  TRY_CHECK(source.read_exactly(0, bytes));
  for (const ByteOrder order : {ByteOrder::kLittle, ByteOrder::kBig}) {
    KdumpHeader header = read_main_header(bytes, kLayout64, order);
    if (!makes_sense(header)) continue;
    header.old_diskdump = has_signature(bytes, "DISKDUMP");
    if (!header.old_diskdump) {
      std::array<std::byte, kKdumpSubHeaderBytes> sub{};
      TRY_CHECK(source.read_exactly(header.block_size, sub));
      read_sub_header(sub, header);
    }
    TRY_CHECK(check_frames(source, header));
    return header;
  }
  for (const ByteOrder order : {ByteOrder::kLittle, ByteOrder::kBig}) {
    const KdumpHeader header = read_main_header(bytes, kLayout32, order);
    if (!makes_sense(header)) continue;
    return with_hint(fail(ErrorKind::kUnsupported, "{}: a kdump-compressed dump of a 32-bit machine ({})",
                          source.name(), header.machine.empty() ? "unnamed" : printable(header.machine)),
                     "only dumps of 64-bit machines are read");
  }
  return with_hint(fail(ErrorKind::kCorrupt, "{}: a kdump-compressed header whose sizes make no sense", source.name()),
                   "the file may have been damaged in a copy: compare its checksum with the original");
}

}  // namespace whyhung::dump
