// SPDX-License-Identifier: GPL-2.0-or-later
#include "debuginfo/image_scan.h"

#include <algorithm>
#include <vector>

namespace whyhung::debuginfo {
namespace {

constexpr std::uint64_t kLargestImage = std::uint64_t{1} << 30;
constexpr std::uint64_t kPiece = 65536;
constexpr std::uint64_t kPage = 4096;

// True when at least one page could be read.
bool read_what_is_there(const VirtualMemory& memory, VirtualAddress begin, std::span<std::byte> bytes) {
  if (memory.read(begin, bytes)) return true;
  bool any = false;
  for (std::uint64_t offset = 0; offset < bytes.size();) {
    const std::uint64_t count = std::min<std::uint64_t>(kPage - (begin.value + offset) % kPage, bytes.size() - offset);
    const auto part = bytes.subspan(offset, count);
    if (memory.read(begin + offset, part)) {
      any = true;
    } else {
      std::fill(part.begin(), part.end(), std::byte{0});
    }
    offset += count;
  }
  return any;
}

}  // namespace

bool scan_image(const VirtualMemory& memory, VirtualRange image, std::size_t overlap, const PieceVisitor& visit) {
  if (image.empty()) return true;
  const std::uint64_t total = std::min(image.size(), kLargestImage);
  std::vector<std::byte> buffer(kPiece + overlap);
  for (std::uint64_t done = 0; done < total; done += kPiece) {
    const std::uint64_t own = std::min(kPiece, total - done);
    const std::uint64_t size = std::min(own + overlap, total - done);
    const std::span<std::byte> bytes = std::span(buffer).first(size);
    if (!read_what_is_there(memory, image.begin + done, bytes)) continue;
    if (!visit(image.begin + done, bytes, own)) return false;
  }
  return true;
}

}  // namespace whyhung::debuginfo
