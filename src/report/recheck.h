// SPDX-License-Identifier: GPL-2.0-or-later
// Evidence as commands of other debuggers: for each record that a verdict rests on, what reads it again.
#pragma once

#include <iosfwd>

#include "diagnose/diagnose.h"
#include "model/index.h"

namespace whyhung::report {

enum class Tool : std::uint8_t { kCrash, kDrgn };

// For crash a file for its option -i; for drgn a script that compares what it reads with what was found here. What can
// only be looked at by hand stands there as a comment.
void write_recheck(std::ostream& out, const model::Index& index, const diagnose::Diagnosis& diagnosis, Tool tool);

}  // namespace whyhung::report
