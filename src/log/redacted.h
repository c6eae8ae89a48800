// SPDX-License-Identifier: GPL-2.0-or-later
// A report on a log, to be passed on: without what would tell whose machine it was.
#pragma once

#include "log/read_log.h"
#include "model/redact.h"

namespace whyhung::log {

// A redactor that knows the names in this report.
model::Redactor redactor_of(const LogReport& report);
LogReport redacted(const LogReport& report, model::Redactor& redactor);

}  // namespace whyhung::log
