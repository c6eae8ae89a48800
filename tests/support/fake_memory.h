// SPDX-License-Identifier: GPL-2.0-or-later
// FakeMemory: kernel virtual memory made of pieces that a test puts at addresses. Everything else is not mapped, and a
// read that leaves a piece by one byte faults, so that a reader's bounds are tested along with its answers.
#pragma once

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "base/memory_reader.h"

namespace whyhung::test {

class FakeMemory final : public VirtualMemory {
 public:
  explicit FakeMemory(ByteOrder order = ByteOrder::kLittle) : order_(order) {}

  void put(std::uint64_t address, std::vector<std::byte> bytes) { pieces_[address] = std::move(bytes); }
  void put_text(std::uint64_t address, std::string_view text) {
    const auto* begin = reinterpret_cast<const std::byte*>(text.data());
    put(address, std::vector<std::byte>(begin, begin + text.size()));
  }
  template <std::integral T>
  void put_integer(std::uint64_t address, T value) {
    std::vector<std::byte> bytes(sizeof(T));
    store(bytes.data(), value, order_);
    put(address, std::move(bytes));
  }
  // From now on the rest of every 4 KB page that a piece touches reads as zero, as in a machine.
  void make_pages_whole() { whole_pages_ = true; }
  // Reads that touch [begin, end) fault as filtered out, whatever was put there.
  void take_away(std::uint64_t begin, std::uint64_t end) { holes_.emplace_back(begin, end); }

  ReadResult<void> read(VirtualAddress address, std::span<std::byte> out) const override {
    ++reads_;
    bytes_read_ += out.size();
    const auto [begin, end] = std::pair(address.value, address.value + out.size());
    for (const auto& [hole_begin, hole_end] : holes_) {
      if (begin < hole_end && end > hole_begin) {
        return tl::unexpected(ReadFault{FaultKind::kFilteredOut, std::max(begin, hole_begin)});
      }
    }
    if (out.empty()) return {};
    auto next = pieces_.upper_bound(address.value);
    std::uint64_t there = 0;
    if (next != pieces_.begin()) {
      const auto& [start, bytes] = *std::prev(next);
      const std::uint64_t offset = address.value - start;
      if (offset < bytes.size()) {
        there = std::min<std::uint64_t>(out.size(), bytes.size() - offset);
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), there, out.begin());
      }
    }
    if (there == 0 && whole_pages_ && is_page_of_a_piece(address.value)) {
      there = std::min<std::uint64_t>(out.size(), kPage - address.value % kPage);
      if (next != pieces_.end()) there = std::min(there, next->first - address.value);
      std::fill_n(out.begin(), there, std::byte{0});
    }
    if (there == 0) return tl::unexpected(ReadFault{FaultKind::kNotMapped, address.value});
    return there == out.size() ? ReadResult<void>() : read(address + there, out.subspan(there));
  }
  ByteOrder byte_order() const override { return order_; }

  std::uint64_t reads() const { return reads_; }
  std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  static constexpr std::uint64_t kPage = 4096;
  bool is_page_of_a_piece(std::uint64_t address) const {
    const std::uint64_t page = address / kPage;
    return std::any_of(pieces_.begin(), pieces_.end(), [&](const auto& piece) {
      return !piece.second.empty() && piece.first / kPage <= page &&
             (piece.first + piece.second.size() - 1) / kPage >= page;
    });
  }

  ByteOrder order_;
  bool whole_pages_ = false;
  std::map<std::uint64_t, std::vector<std::byte>> pieces_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> holes_;
  mutable std::uint64_t reads_ = 0;
  mutable std::uint64_t bytes_read_ = 0;
};

}  // namespace whyhung::test
