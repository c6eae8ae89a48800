// SPDX-License-Identifier: GPL-2.0-or-later
#include "debuginfo/btf_scan.h"

#include <algorithm>
#include <array>

#include "base/byte_reader.h"
#include "debuginfo/image_scan.h"

namespace whyhung::debuginfo {
namespace {

constexpr std::uint16_t kMagic = 0xeb9f;
constexpr std::size_t kHeaderBytes = 24;
constexpr std::uint32_t kLongestHeader = 256;
constexpr std::uint32_t kFewestTypes = 1u << 20;  // bytes; a module's own are a few thousand, a kernel's some millions

// How much memory the blob takes whose header `bytes` begin with; 0: it is none, or not a kernel's.
std::uint64_t size_of_blob(std::span<const std::byte> bytes, ByteOrder order) {
  ByteReader reader(bytes, order);
  const std::uint16_t magic = reader.u16();
  const std::uint8_t version = reader.u8();
  const std::uint8_t flags = reader.u8();
  const std::uint32_t header = reader.u32();
  const std::uint32_t types = reader.u32();
  const std::uint32_t types_length = reader.u32();
  const std::uint32_t strings = reader.u32();
  const std::uint32_t strings_length = reader.u32();
  if (!reader.ok() || magic != kMagic || version != 1 || flags != 0) return 0;
  if (header < kHeaderBytes || header > kLongestHeader || types_length < kFewestTypes) return 0;
  return header + std::max(std::uint64_t{types} + types_length, std::uint64_t{strings} + strings_length);
}

}  // namespace

Result<VirtualRange> find_btf(const VirtualMemory& memory, VirtualRange image) {
  VirtualRange found;
  const ByteOrder order = memory.byte_order();
  const std::string_view magic = order == ByteOrder::kLittle ? "\x9f\xeb\x01" : "\xeb\x9f\x01";
  scan_image(memory, image, kHeaderBytes, [&](VirtualAddress begin, std::span<const std::byte> bytes, std::size_t own) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    for (std::size_t at = text.find(magic); at < own; at = text.find(magic, at + 1)) {
      const std::uint64_t size = size_of_blob(bytes.subspan(at), order);
      const VirtualAddress blob = begin + at;
      if (size == 0 || size > image.end - blob) continue;
      found = {blob, blob + size};
      return false;
    }
    return true;
  });
  if (found.empty()) {
    return fail(ErrorKind::kNotFound, "no BTF of a kernel between {:#x} and {:#x}", image.begin.value, image.end.value);
  }
  return found;
}

}  // namespace whyhung::debuginfo
