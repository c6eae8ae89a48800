// SPDX-License-Identifier: GPL-2.0-or-later
// KernelMemory: the crashed kernel's virtual memory, read through its page tables with a small translation cache.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "arch/architecture.h"
#include "base/memory_reader.h"

namespace whyhung::target {

class KernelMemory final : public VirtualMemory {
 public:
  // Both references must outlive this.
  KernelMemory(const PhysicalMemory& physical, const arch::AddressSpace& space, ByteOrder order)
      : physical_(physical), space_(space), order_(order) {}

  ReadResult<void> read(VirtualAddress address, std::span<std::byte> out) const override;
  ByteOrder byte_order() const override { return order_; }
  // Where a virtual address lies in physical memory.
  ReadResult<PhysicalAddress> translate(VirtualAddress address) const;

  // Mapped pages that were asked for and could not be had, each once, in the order in which they were asked for: what
  // the answers may lack. A wild pointer is none of them, for nothing is mapped there.
  std::span<const ReadFault> missing_pages() const { return missing_; }
  void forget_missing_pages() { missing_.clear(); }

 private:
  ReadFault note(ReadFault fault) const;
  static constexpr std::size_t kMostMissing = 256;
  static constexpr std::size_t kPageSize = 4096;  // granule of the cache; no machine has smaller pages
  static constexpr std::size_t kSlots = 1024;
  struct Slot {
    std::uint64_t page = ~0ull;  // virtual page number; ~0 is no kernel page
    std::uint64_t physical = 0;
  };

  const PhysicalMemory& physical_;
  const arch::AddressSpace& space_;
  ByteOrder order_;
  mutable std::array<Slot, kSlots> slots_;
  mutable std::vector<ReadFault> missing_;
};

}  // namespace whyhung::target
