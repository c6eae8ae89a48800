// SPDX-License-Identifier: GPL-2.0-or-later
// What the first screen says of a log.
#pragma once

#include "log/read_log.h"
#include "report/screen.h"

namespace whyhung::report {

Screen make_log_screen(const log::LogReport& report);

}  // namespace whyhung::report
