// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/lock_release.h"

#include <algorithm>
#include <array>

namespace whyhung::names {

bool releases_spinlock(std::string_view function) {
  constexpr auto kHeads = std::to_array<std::string_view>(
      {"_raw_spin_unlock", "_raw_read_unlock", "_raw_write_unlock", "do_raw_spin_unlock", "do_raw_read_unlock",
       "do_raw_write_unlock", "queued_spin_unlock", "native_queued_spin_unlock", "__pv_queued_spin_unlock",
       "__raw_callee_save___native_queued_spin_unlock", "__raw_callee_save___pv_queued_spin_unlock"});
  return std::ranges::any_of(kHeads, [&](std::string_view head) { return function.starts_with(head); });
}

}  // namespace whyhung::names
