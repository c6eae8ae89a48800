// SPDX-License-Identifier: GPL-2.0-or-later
// The report as one JSON object; docs/report.schema.json describes it. Tasks are written one by one, so that memory
// does not grow with their number.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "diagnose/diagnose.h"

namespace whyhung::report {

inline constexpr std::string_view kReportSchema = "whyhung-report-1";

// With an index that the caller has, or one made for it.
void write_json(std::ostream& out, const model::Index& index, const diagnose::Diagnosis& diagnosis);
void write_json(std::ostream& out, const model::Snapshot& snapshot, const diagnose::Diagnosis& diagnosis);
// One element of its "tasks": the task in that place of the snapshot.
std::string json_of_task(const model::Snapshot& snapshot, const diagnose::Diagnosis& diagnosis, std::size_t index);

}  // namespace whyhung::report
