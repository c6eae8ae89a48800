// SPDX-License-Identifier: GPL-2.0-or-later
// The report on a log: as text for people, and as JSON in the form that reports on dumps have.
#pragma once

#include <iosfwd>

#include "log/read_log.h"
#include "report/style.h"

namespace whyhung::report {

void write_log_text(std::ostream& out, const log::LogReport& report, const Style& style, std::size_t width);
void write_log_json(std::ostream& out, const log::LogReport& report);

}  // namespace whyhung::report
