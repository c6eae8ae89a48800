// SPDX-License-Identifier: GPL-2.0-or-later
// Snapshots of schema 1, in which roles, ways of waiting and facts were sentences and texts.
#pragma once

#include "model/json_writer.h"
#include "model/snapshot.h"

namespace whyhung::model {

inline constexpr std::string_view kOldSnapshotSchema = "whyhung-snapshot-1";

// Makes an element of one of the lists of a snapshot of schema 1 ("waits") one of today, in place. What is not of the
// form that schema 1 had stays as it is: reading it ends in the complaint that belongs to it.
void convert_old_element(std::string_view list, Json& element);

// Marks what the functions of its code mean, which schema 1 did not save.
void add_meanings(Snapshot& snapshot);

}  // namespace whyhung::model
