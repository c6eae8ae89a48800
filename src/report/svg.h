// SPDX-License-Identifier: GPL-2.0-or-later
// The wait-for graph as a picture. Its colours follow those of the desktop; what matters is told by shapes and words
// too.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "report/layout.h"

namespace whyhung::report {

// For the page that has it inside: how it looks, light and dark.
std::string_view svg_style();
// An element <svg>, with its own style or that of the page around it.
enum class SvgStyle : std::uint8_t { kOfPage, kOwn };
void write_svg(std::ostream& out, const Graph& graph, std::string_view title, SvgStyle style);
// The arrows as lines of text: "rmmod (127) waits for mutex table_lock".
std::vector<std::string> arrows_in_words(const Graph& graph);

}  // namespace whyhung::report
