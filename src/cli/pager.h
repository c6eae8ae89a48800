// SPDX-License-Identifier: GPL-2.0-or-later
// A long text, shown in a program for reading (base/pager_program.h).
#pragma once

#include <string_view>

namespace whyhung::cli {

// False: there is none, or it did not start; then nothing was shown. Who leaves it before the end has seen enough.
bool show_in_pager(std::string_view text);

}  // namespace whyhung::cli
