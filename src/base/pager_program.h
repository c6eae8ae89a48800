// SPDX-License-Identifier: GPL-2.0-or-later
// The program in which somebody wants to read what is longer than the terminal.
#pragma once

#include <string>
#include <string_view>

namespace whyhung {

// A line for the shell: WHYHUNG_PAGER, PAGER, or less with the options given. Empty: there is none, or none is wanted,
// which a variable says that is "cat" or set and empty.
std::string pager_program(std::string_view options_of_less);

}  // namespace whyhung
