// SPDX-License-Identifier: GPL-2.0-or-later
// UserMemory: the memory of one process, read through its own page tables. Dumps often leave such pages out.
#pragma once

#include "arch/architecture.h"
#include "base/memory_reader.h"

namespace whyhung::target {

class UserMemory final : public VirtualMemory {
 public:
  // `root` is where the process's page tables begin. The references must outlive this.
  UserMemory(const PhysicalMemory& physical, const arch::AddressSpace& space, PhysicalAddress root, ByteOrder order)
      : physical_(physical), space_(space), root_(root), order_(order) {}

  ReadResult<void> read(VirtualAddress address, std::span<std::byte> out) const override;
  ByteOrder byte_order() const override { return order_; }

 private:
  const PhysicalMemory& physical_;
  const arch::AddressSpace& space_;
  PhysicalAddress root_;
  ByteOrder order_;
};

}  // namespace whyhung::target
