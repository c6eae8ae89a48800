// SPDX-License-Identifier: GPL-2.0-or-later
// What the kernel's own detectors of hangs wrote to its log: words only, which a verdict is compared with.
#pragma once

#include <optional>
#include <span>

#include "model/snapshot.h"

namespace whyhung::collect {

// The newest complaint among these records, which are in the order of the log; nothing when there is none.
std::optional<model::Complaint> find_complaint(std::span<const model::LogRecord> records);

}  // namespace whyhung::collect
