// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

#include "base/result.h"

namespace whyhung::cli {

// Says on standard error what went wrong, and the hint if there is one.
void complain(const Error& error, std::string_view program = "whyhung");

}  // namespace whyhung::cli
