// SPDX-License-Identifier: GPL-2.0-or-later
// The lines about the machine that users of crash know from its `sys`.
#pragma once

#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

#include "model/snapshot.h"

namespace whyhung::report {

// The names and values of these lines.
using SystemRows = std::vector<std::pair<std::string, std::string>>;
SystemRows system_rows(const model::Machine& machine);
void write_rows(std::ostream& out, const SystemRows& rows);
void write_system_header(std::ostream& out, const model::Machine& machine);

std::string date_text(std::int64_t seconds);     // "Sun Nov 22 14:12:31 UTC 2026"
std::string uptime_text(std::uint64_t seconds);  // "00:01:18", "3 days, 01:02:03"
std::string memory_text(std::uint64_t bytes);    // "639.5 MB"

}  // namespace whyhung::report
