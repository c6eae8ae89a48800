// SPDX-License-Identifier: GPL-2.0-or-later
// Which meanings say that a function sleeps for something which can be found from its stack.
#pragma once

#include "names/meaning.h"

namespace whyhung::names {

constexpr bool is_found_wait(const Meanings& meanings) {
  constexpr auto kFirst = static_cast<int>(Meaning::kWaitsForMutex);
  constexpr auto kLast = static_cast<int>(Meaning::kWaitsForThaw);
  for (int meaning = kFirst; meaning <= kLast; ++meaning) {
    if (meanings.has(static_cast<Meaning>(meaning))) return true;
  }
  return false;
}

}  // namespace whyhung::names
