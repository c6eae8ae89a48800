// SPDX-License-Identifier: GPL-2.0-or-later
// The rows of the tables of functions. A pattern is a name; a '*' at its end or its beginning stands for any text.
#pragma once

#include <span>
#include <string_view>

#include "names/functions.h"

namespace whyhung::names {

struct Row {
  std::string_view pattern;
  Meaning meaning;
  Machine machines = Machine::kAny;
  bool in_modules = false;  // a module's function of that name means the same
};

std::span<const Row> entry_rows();
std::span<const Row> crash_rows();
std::span<const Row> dump_rows();
std::span<const Row> spin_rows();
std::span<const Row> scheduler_rows();
std::span<const Row> wait_rows();

}  // namespace whyhung::names
