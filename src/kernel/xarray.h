// SPDX-License-Identifier: GPL-2.0-or-later
// The entries of an xarray (include/linux/xarray.h), read breadth first so that a whole level can be fetched at once.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kernel/fields.h"

namespace whyhung::kernel {

class XArrayView {
 public:
  static XArrayView bind(Binder& binder);
  // False for kernels older than v4.20, whose idr is a radix tree or a hash.
  bool usable() const { return head_.exists() && slots_.exists(); }

  struct Walk {
    std::vector<VirtualAddress> entries;
    std::string broken;  // empty when every node could be read
  };
  // All pointer entries of the xarray at `xarray`, at most `most_entries`. `will_read` is told each level's nodes
  // first.
  Walk entries(const VirtualMemory& memory, VirtualAddress xarray, std::size_t most_entries,
               const std::function<void(std::span<const VirtualAddress>)>& will_read) const;

 private:
  Field head_;
  Field slots_;
};

}  // namespace whyhung::kernel
