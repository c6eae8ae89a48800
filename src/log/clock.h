// SPDX-License-Identifier: GPL-2.0-or-later
// Dates and times as collectors write them.
#pragma once

#include <optional>
#include <string_view>

namespace whyhung::log {

// Takes a date with its time, or a time alone, off the front of `text`. Seconds since 1970; where the year is not
// written, since the beginning of some year, which is good enough for differences.
std::optional<double> take_wall_clock(std::string_view& text);

}  // namespace whyhung::log
