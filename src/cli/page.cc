// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/page.h"

#include <algorithm>
#include <iostream>
#include <sstream>

#include "base/columns.h"
#include "cli/pager.h"
#include "cli/terminal.h"
#include "report/screen.h"
#include "report/text.h"

namespace whyhung::cli {

Showing showing(const AnalyzeOptions& options) {
  const View view = options.view();
  const bool is_text = view == View::kScreen || view == View::kFull || view == View::kPlain;
  return {.colour = options.colour, .may_page = is_text && !options.no_pager, .is_data = view == View::kJson};
}

void show(const Showing& how, const std::function<void(const Page&)>& write) {
  const Terminal terminal = describe_terminal(how.colour);
  const std::size_t width =
      std::clamp(terminal.columns.value_or(report::kPageWidth), report::kNarrowest, report::kPageWidth);
  const std::size_t screen_width = terminal.columns.value_or(report::kScreenWidth);
  const bool may_page = how.may_page && !how.is_data && terminal.rows.has_value();
  if (how.is_data || (!terminal.ascii_only && !may_page)) {
    write({std::cout, terminal.style, width, screen_width});
    return;
  }
  std::ostringstream made;
  write({made, terminal.style, width, screen_width});
  const std::string text = terminal.ascii_only ? ascii_of(made.str()) : std::move(made).str();
  const bool is_long = may_page && static_cast<std::size_t>(std::ranges::count(text, '\n')) >= *terminal.rows;
  if (!is_long || !show_in_pager(text)) std::cout << text;
}

}  // namespace whyhung::cli
