// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

namespace whyhung::cli {

// Says on standard error what went wrong, and the hint if there is one.
void complain(const Error& error);

}  // namespace whyhung::cli
