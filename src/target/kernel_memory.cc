// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/kernel_memory.h"

#include <algorithm>

namespace whyhung::target {

ReadResult<PhysicalAddress> KernelMemory::translate(VirtualAddress address) const {
  const std::uint64_t page = address.value / kPageSize;
  const std::uint64_t in_page = address.value % kPageSize;
  Slot& slot = slots_[page % kSlots];
  if (slot.page != page) {
    const auto mapping = space_.translate(address.align_down(kPageSize));
    if (!mapping) return tl::unexpected(ReadFault{mapping.error().kind, address.value});
    slot = {page, mapping->physical.value};
  }
  return PhysicalAddress(slot.physical + in_page);
}

ReadResult<void> KernelMemory::read(VirtualAddress address, std::span<std::byte> out) const {
  while (!out.empty()) {
    const auto physical = translate(address);
    if (!physical) return tl::unexpected(note(physical.error()));
    const std::size_t count = std::min<std::size_t>(out.size(), kPageSize - address.value % kPageSize);
    if (const auto done = physical_.read(*physical, out.first(count)); !done) {
      // The physical reader names the frame; the caller asked for a virtual address.
      return tl::unexpected(note({done.error().kind, address.value}));
    }
    address += count;
    out = out.subspan(count);
  }
  return {};
}

ReadFault KernelMemory::note(ReadFault fault) const {
  const auto is_same_page = [&](const ReadFault& one) { return one.address / kPageSize == fault.address / kPageSize; };
  if (fault.kind != FaultKind::kNotMapped && missing_.size() < kMostMissing &&
      std::ranges::none_of(missing_, is_same_page)) {
    missing_.push_back(fault);
  }
  return fault;
}

}  // namespace whyhung::target
