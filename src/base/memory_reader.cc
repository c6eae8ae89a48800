// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/memory_reader.h"

#include <algorithm>
#include <array>

namespace whyhung {

std::string_view describe(FaultKind kind) {
  switch (kind) {
    case FaultKind::kNotMapped: return "not mapped in the kernel's page tables";
    case FaultKind::kFilteredOut: return "filtered out when the dump was made";
    case FaultKind::kBeyondDump: return "beyond the memory that the dump covers";
    case FaultKind::kTruncated: return "cut off: the dump file ends before it";
    case FaultKind::kCorrupt: return "corrupt in the dump file";
    case FaultKind::kIo: return "the dump file could not be read there";
    case FaultKind::kNoSuchField: return "not a member of that structure in this kernel";
  }
  return "unreadable";
}

ReadResult<std::uint64_t> VirtualMemory::read_unsigned(VirtualAddress address, std::size_t size) const {
  std::array<std::byte, 8> bytes{};
  if (size != 1 && size != 2 && size != 4 && size != 8) {
    return tl::unexpected(ReadFault{FaultKind::kCorrupt, address.value});
  }
  if (auto done = read(address, std::span(bytes).first(size)); !done) return tl::unexpected(done.error());
  switch (size) {
    case 1: return load<std::uint8_t>(bytes.data(), byte_order());
    case 2: return load<std::uint16_t>(bytes.data(), byte_order());
    case 4: return load<std::uint32_t>(bytes.data(), byte_order());
    default: return load<std::uint64_t>(bytes.data(), byte_order());
  }
}

ReadResult<std::string> VirtualMemory::read_c_string(VirtualAddress address, std::size_t limit) const {
  constexpr std::size_t kChunk = 64;
  std::string text;
  while (text.size() < limit) {
    // Stay inside an aligned chunk, so that the read never touches a page that the string does not.
    const VirtualAddress from = address + text.size();
    const std::size_t count = std::min<std::size_t>(limit - text.size(), kChunk - from.value % kChunk);
    std::array<std::byte, kChunk> bytes;
    if (auto done = read(from, std::span(bytes).first(count)); !done) return tl::unexpected(done.error());
    const auto* begin = reinterpret_cast<const char*>(bytes.data());
    const auto* end = std::find(begin, begin + count, '\0');
    text.append(begin, end);
    if (end != begin + count) break;
  }
  return text;
}

}  // namespace whyhung
