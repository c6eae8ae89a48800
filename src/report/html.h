// SPDX-License-Identifier: GPL-2.0-or-later
// A story as one page of HTML to be passed on: it needs no script, nothing from elsewhere and no style to be read, and
// nothing that a dump or log brings along becomes a part of it.
#pragma once

#include <iosfwd>
#include <string_view>

#include "report/story.h"

namespace whyhung::report {

// `made_by`: the program's name and version.
void write_html(std::ostream& out, const Story& story, std::string_view made_by);

}  // namespace whyhung::report
