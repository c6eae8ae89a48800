// SPDX-License-Identifier: GPL-2.0-or-later
// Registers of POWER in the form that crash's users know.
#pragma once

#include <iosfwd>
#include <vector>

#include "model/stack.h"

namespace whyhung::report {

// Whether these are POWER's registers at all.
bool are_power_registers(const std::vector<model::RegisterValue>& values);
// " Decrementer  [900] exception frame:", by the vector that saved registers name; nothing when they name none.
void write_power_exception(std::ostream& out, const std::vector<model::RegisterValue>& values);
// Three a line, as many as are known.
void write_power_registers(std::ostream& out, const std::vector<model::RegisterValue>& values);

}  // namespace whyhung::report
