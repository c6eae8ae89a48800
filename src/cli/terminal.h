// SPDX-License-Identifier: GPL-2.0-or-later
// What standard output can show: how wide it is, whether it knows colours and more than ASCII.
#pragma once

#include <optional>

#include "cli/options.h"
#include "report/style.h"

namespace whyhung::cli {

struct Terminal {
  report::Style style;
  std::optional<std::size_t> columns;  // by COLUMNS or the terminal itself; absent: nobody says
  std::optional<std::size_t> rows;     // by LINES or the terminal; absent: it is none, or one that cannot scroll back
  bool ascii_only = false;             // by the locale
};

Terminal describe_terminal(ColourChoice colour);
// Whether a terminal is there that goes where it is told to: one that can scroll back, and write a line anew.
bool is_obedient_terminal(int descriptor);

}  // namespace whyhung::cli
