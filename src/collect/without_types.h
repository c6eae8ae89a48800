// SPDX-License-Identifier: GPL-2.0-or-later
// What a machine says of itself even when the layouts of its structures are not known.
#pragma once

#include <vector>

#include "base/gap.h"
#include "kernel/fields.h"
#include "model/snapshot.h"
#include "target/target.h"

namespace whyhung::collect {

// At most the newest `most_records` of the kernel's log; what cannot be read becomes a gap.
std::vector<model::LogRecord> read_log(const kernel::Access& access, std::size_t most_records, std::vector<Gap>& gaps);
// Its names, its log and its last words.
void describe_without_types(const target::Target& target, model::Snapshot& snapshot);

}  // namespace whyhung::collect
