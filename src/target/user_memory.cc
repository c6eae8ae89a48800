// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/user_memory.h"

#include <algorithm>

namespace whyhung::target {

ReadResult<void> UserMemory::read(VirtualAddress address, std::span<std::byte> out) const {
  while (!out.empty()) {
    const auto mapping = space_.translate_user(root_, address);
    if (!mapping) return tl::unexpected(ReadFault{mapping.error().kind, address.value});
    const std::size_t count = std::min<std::uint64_t>(out.size(), mapping->bytes_to_end);
    if (const auto done = physical_.read(mapping->physical, out.first(count)); !done) {
      return tl::unexpected(ReadFault{done.error().kind, address.value});
    }
    address += count;
    out = out.subspan(count);
  }
  return {};
}

}  // namespace whyhung::target
