// SPDX-License-Identifier: GPL-2.0-or-later
// PagedMemory: kernel virtual memory of whole 4 KB pages, which come into being, zeroed, when something is written to
// them. For tests that build linked structures of the kernel and change single words of them afterwards.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "base/memory_reader.h"

namespace whyhung::test {

class PagedMemory final : public VirtualMemory {
 public:
  static constexpr std::uint64_t kPage = 4096;

  explicit PagedMemory(ByteOrder order = ByteOrder::kLittle) : order_(order) {}

  void write(std::uint64_t address, std::span<const std::byte> bytes) {
    for (const std::byte byte : bytes) {
      pages_[address / kPage][address % kPage] = byte;
      ++address;
    }
  }
  template <std::integral T>
  void write_integer(std::uint64_t address, T value) {
    std::array<std::byte, sizeof(T)> bytes;
    store(bytes.data(), value, order_);
    write(address, bytes);
  }
  void write_u64(std::uint64_t address, std::uint64_t value) { write_integer<std::uint64_t>(address, value); }
  void write_u32(std::uint64_t address, std::uint32_t value) { write_integer<std::uint32_t>(address, value); }
  // An integer of 1, 2, 4 or 8 bytes.
  void write_sized(std::uint64_t address, std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t shift = order_ == ByteOrder::kLittle ? i : size - 1 - i;
      const std::byte byte{static_cast<std::uint8_t>(value >> 8 * shift)};
      write(address + i, std::span(&byte, 1));
    }
  }
  // Text and its NUL.
  void write_text(std::uint64_t address, std::string_view text) {
    write(address, std::as_bytes(std::span(text.data(), text.size())));
    const std::byte end{0};
    write(address + text.size(), std::span(&end, 1));
  }
  // The page of `address` exists, zeroed if it is new.
  void touch(std::uint64_t address) { pages_[address / kPage]; }
  // From now on reads of the page of `address` fault as filtered out, or as something else.
  void take_away(std::uint64_t address, FaultKind kind = FaultKind::kFilteredOut) {
    taken_away_[address / kPage] = kind;
  }
  bool has_page(std::uint64_t address) const { return pages_.contains(address / kPage); }
  // All that were written to, by page number.
  const std::map<std::uint64_t, std::array<std::byte, kPage>>& pages() const { return pages_; }

  ReadResult<void> read(VirtualAddress address, std::span<std::byte> out) const override {
    ++reads_;
    std::uint64_t at = address.value;
    while (!out.empty()) {
      if (const auto gone = taken_away_.find(at / kPage); gone != taken_away_.end()) {
        return tl::unexpected(ReadFault{gone->second, at});
      }
      const auto page = pages_.find(at / kPage);
      if (page == pages_.end()) return tl::unexpected(ReadFault{FaultKind::kNotMapped, at});
      const std::size_t count = std::min<std::uint64_t>(out.size(), kPage - at % kPage);
      std::copy_n(page->second.begin() + static_cast<std::ptrdiff_t>(at % kPage), count, out.begin());
      out = out.subspan(count);
      at += count;
    }
    return {};
  }
  ByteOrder byte_order() const override { return order_; }
  std::uint64_t reads() const { return reads_; }

 private:
  ByteOrder order_;
  std::map<std::uint64_t, std::array<std::byte, kPage>> pages_;
  std::map<std::uint64_t, FaultKind> taken_away_;
  mutable std::uint64_t reads_ = 0;
};

}  // namespace whyhung::test
