// SPDX-License-Identifier: GPL-2.0-or-later
// A long log may tell of several hangs. Those that were over before the last one began are another story.
#pragma once

#include <optional>

#include "log/events.h"

namespace whyhung::log {

// The record with which the last episode begins; nothing while all that is complained of may belong together.
std::optional<std::size_t> begin_of_last_episode(const Events& events);

}  // namespace whyhung::log
