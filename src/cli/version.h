// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

namespace whyhung::cli {

// "whyhung 0.1.0 (4c1be20a8f31)": the version and the commit it was built from, when that is known.
std::string version_line();

}  // namespace whyhung::cli
