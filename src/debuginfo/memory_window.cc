// SPDX-License-Identifier: GPL-2.0-or-later
#include "debuginfo/memory_window.h"

namespace whyhung::debuginfo {

std::span<const std::byte> MemoryWindow::fetch(std::uint64_t offset) {
  if (offset >= size()) return {};
  const std::uint64_t chunk_size = std::uint64_t{1} << shape_.chunk_bits;
  if (slots_.empty()) {
    slots_.resize(std::size_t{1} << shape_.count_bits);
    bytes_.resize(slots_.size() << shape_.chunk_bits);
  }
  const std::uint64_t chunk = (range_.begin + offset).value >> shape_.chunk_bits;
  // Only the part inside of the range is read: its neighbours may be in a page that is not there.
  const VirtualAddress begin = std::max(VirtualAddress(chunk << shape_.chunk_bits), range_.begin);
  const VirtualAddress last = std::min(VirtualAddress((chunk << shape_.chunk_bits) + (chunk_size - 1)), range_.end - 1);
  const std::size_t index = chunk & (slots_.size() - 1);
  const std::span<std::byte> bytes = std::span(bytes_).subspan(
      (index << shape_.chunk_bits) + (begin.value & (chunk_size - 1)), static_cast<std::size_t>(last - begin) + 1);
  Slot& slot = slots_[index];
  if (slot.chunk != chunk) {
    current_ = {};
    slot.chunk = chunk;
    const auto done = memory_->read(begin, bytes);
    slot.readable = done.has_value();
    if (!done && !fault_) fault_ = done.error();
  }
  if (!slot.readable) return {};
  current_ = {begin - range_.begin, bytes.size(), bytes.data()};
  return at(offset);
}

bool MemoryWindow::copy(std::uint64_t offset, std::span<std::byte> out) {
  if (offset > size() || out.size() > size() - offset) return false;
  while (!out.empty()) {
    const auto bytes = at(offset);
    if (bytes.empty()) return false;
    const std::size_t count = std::min(bytes.size(), out.size());
    std::copy_n(bytes.begin(), count, out.begin());
    out = out.subspan(count);
    offset += count;
  }
  return true;
}

}  // namespace whyhung::debuginfo
