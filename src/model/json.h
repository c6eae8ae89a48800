// SPDX-License-Identifier: GPL-2.0-or-later
// A snapshot as JSON text, saved and loaded. Texts of the dump that are not UTF-8 are escaped as \xNN when saved. A
// loaded snapshot is a stranger's file like a dump: every index in it is checked.
#pragma once

#include <iosfwd>
#include <string_view>

#include "base/result.h"
#include "model/snapshot.h"

namespace whyhung::model {

inline constexpr std::string_view kSnapshotSchema = "whyhung-snapshot-2";

// Writes one object; tasks are written one by one, so memory does not grow with their number.
void write_snapshot(std::ostream& out, const Snapshot& snapshot);

// Reads files of schema 1 too. kCorrupt with the place ("tasks[3].stack.frames[0].location") when the text is not such
// an object.
Result<Snapshot> read_snapshot(std::string_view text);

}  // namespace whyhung::model
