// SPDX-License-Identifier: GPL-2.0-or-later
// The shell as a program: from its arguments to its exit status.
#pragma once

#include <string>
#include <vector>

namespace whyhung::shell {

// `arguments` are those behind "shell", or behind the program's own name when it is whyhung-crash.
int run(const std::vector<std::string>& arguments, bool as_crash);

}  // namespace whyhung::shell
