// SPDX-License-Identifier: GPL-2.0-or-later
// The first screen for a ticket, with the whole page folded below it.
#pragma once

#include <iosfwd>
#include <string_view>

#include "report/screen.h"

namespace whyhung::report {

// Nothing that a dump brings along becomes a heading, a link, HTML or the end of a block. `title` is printable.
void write_markdown(std::ostream& out, const Screen& screen, std::string_view title, std::string_view page);

}  // namespace whyhung::report
