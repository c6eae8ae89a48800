// SPDX-License-Identifier: GPL-2.0-or-later
// What a log tells, for somebody who never read one: what happened, whom to call, what to do, how sure.
#pragma once

#include <iosfwd>

#include "log/read_log.h"
#include "report/style.h"

namespace whyhung::report {

void write_log_plain(std::ostream& out, const log::LogReport& report, const Style& style, std::size_t width);

}  // namespace whyhung::report
