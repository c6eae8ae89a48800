// SPDX-License-Identifier: GPL-2.0-or-later
// Where an answer is shown: on standard output, in the form that it can take, through a pager where it is longer than
// the terminal.
#pragma once

#include <functional>
#include <iosfwd>

#include "cli/options.h"
#include "report/style.h"

namespace whyhung::cli {

struct Page {
  std::ostream& out;
  report::Style style;
  std::size_t width;         // of the long page
  std::size_t screen_width;  // of the first screen
};

struct Showing {
  ColourChoice colour = ColourChoice::kAuto;
  bool may_page = true;
  bool is_data = false;  // for programs: as it is
};

Showing showing(const AnalyzeOptions& options);
void show(const Showing& how, const std::function<void(const Page&)>& write);

}  // namespace whyhung::cli
