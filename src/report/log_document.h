// SPDX-License-Identifier: GPL-2.0-or-later
// The report on a log as a document.
#pragma once

#include "log/read_log.h"
#include "report/document.h"

namespace whyhung::report {

Document make_log_document(const log::LogReport& report);

}  // namespace whyhung::report
