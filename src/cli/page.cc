// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/page.h"

#include <algorithm>
#include <iostream>
#include <sstream>

#include "base/columns.h"
#include "cli/terminal.h"
#include "report/screen.h"
#include "report/text.h"

namespace whyhung::cli {

void show(const AnalyzeOptions& options, const std::function<void(const Page&)>& write) {
  const Terminal terminal = describe_terminal(options.colour);
  const std::size_t width =
      std::clamp(terminal.columns.value_or(report::kPageWidth), report::kNarrowest, report::kPageWidth);
  const std::size_t screen_width = terminal.columns.value_or(report::kScreenWidth);
  if (options.view() == View::kJson || !terminal.ascii_only) {
    write({std::cout, terminal.style, width, screen_width});
    return;
  }
  std::ostringstream text;
  write({text, terminal.style, width, screen_width});
  std::cout << ascii_of(text.str());
}

}  // namespace whyhung::cli
