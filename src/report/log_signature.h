// SPDX-License-Identifier: GPL-2.0-or-later
// The id of a hang that only a log tells of. Where a dump's id rests on nothing that a log cannot show (a CPU that is
// kept, interrupts that are off), both have the same.
#pragma once

#include "log/read_log.h"
#include "report/signature.h"

namespace whyhung::report {

// Empty when the log does not tell.
Signature log_signature_of(const log::LogReport& report);

}  // namespace whyhung::report
