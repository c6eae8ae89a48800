// SPDX-License-Identifier: GPL-2.0-or-later
// Where an answer is shown: on standard output, in the form that it can take.
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

void show(const AnalyzeOptions& options, const std::function<void(const Page&)>& write);

}  // namespace whyhung::cli
