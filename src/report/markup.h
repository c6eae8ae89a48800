// SPDX-License-Identifier: GPL-2.0-or-later
// Text inside of HTML and SVG.
#pragma once

#include <string>
#include <string_view>

namespace whyhung::report {

// As text or as the value of an attribute between quotation marks; nothing in it begins an element, an entity or ends
// the value. What XML knows no character for becomes a question mark.
std::string markup(std::string_view text);

}  // namespace whyhung::report
