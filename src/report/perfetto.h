// SPDX-License-Identifier: GPL-2.0-or-later
// The hang on a line of time, in the JSON form of trace viewers (Perfetto, speedscope, chrome://tracing): a track for
// each CPU and each task that has part in a wait, arrows from who waits to who holds it up, the log's lines as points.
#pragma once

#include <iosfwd>
#include <span>
#include <string_view>

#include "diagnose/diagnose.h"
#include "model/index.h"

namespace whyhung::report {

// `log` is what the kernel wrote, oldest first; it may be empty. Times are microseconds since boot; everything that
// goes on at the dump ends there.
void write_perfetto(std::ostream& out, const model::Index& index, const diagnose::Diagnosis& diagnosis,
                    std::span<const model::LogRecord> log, std::string_view title);

}  // namespace whyhung::report
