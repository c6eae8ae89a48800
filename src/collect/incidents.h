// SPDX-License-Identifier: GPL-2.0-or-later
// Oopses and their like in the kernel's log. Read only where the kernel's taint says that there was one.
#pragma once

#include <span>
#include <vector>

#include "collect/workbench.h"

namespace whyhung::collect {

// Pure: the incidents that some records tell, oldest first. A line more costs no more than itself.
std::vector<model::Incident> find_incidents(std::span<const model::LogRecord> records);

void collect_incidents(Workbench& bench);

}  // namespace whyhung::collect
