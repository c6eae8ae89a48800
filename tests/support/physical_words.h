// SPDX-License-Identifier: GPL-2.0-or-later
// PhysicalWords: physical memory of single 64-bit words that a test writes one by one, for page tables. All other words
// are zero, except those of ranges that are not in the dump.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "base/memory_reader.h"

namespace whyhung::test {

class PhysicalWords final : public PhysicalMemory {
 public:
  void put(std::uint64_t address, std::uint64_t value, ByteOrder order = ByteOrder::kLittle) {
    store(words_[address].data(), value, order);
  }
  void clear() { words_.clear(); }
  // What lies in [begin, begin + size) lies `by` bytes further up too.
  void copy_up(std::uint64_t begin, std::uint64_t size, std::uint64_t by) {
    const std::map source(words_.lower_bound(begin), words_.lower_bound(begin + size));
    for (const auto& [at, word] : source) words_[at + by] = word;
  }
  // Reads that begin in [begin, begin + size) fault.
  void take_away(std::uint64_t begin, std::uint64_t size, FaultKind kind = FaultKind::kFilteredOut) {
    holes_.push_back({begin, begin + size, kind});
  }

  // Reads are of whole words, as page walks do them.
  ReadResult<void> read(PhysicalAddress address, std::span<std::byte> out) const override {
    for (const Hole& hole : holes_) {
      if (address.value < hole.begin || address.value >= hole.end) continue;
      return tl::unexpected(ReadFault{hole.kind, address.value});
    }
    std::ranges::fill(out, std::byte{0});
    const auto word = words_.find(address.value);
    if (word != words_.end()) std::copy_n(word->second.begin(), std::min<std::size_t>(out.size(), 8), out.begin());
    return {};
  }

 private:
  struct Hole {
    std::uint64_t begin, end;
    FaultKind kind;
  };
  std::map<std::uint64_t, std::array<std::byte, 8>> words_;
  std::vector<Hole> holes_;
};

}  // namespace whyhung::test
