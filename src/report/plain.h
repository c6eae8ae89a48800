// SPDX-License-Identifier: GPL-2.0-or-later
// The answer for somebody who never opened a dump: what happened, what was seen, whom to call, what to do, how sure.
#pragma once

#include <iosfwd>

#include "diagnose/diagnose.h"
#include "model/index.h"
#include "report/style.h"

namespace whyhung::report {

void write_plain(std::ostream& out, const model::Index& index, const diagnose::Diagnosis& diagnosis, const Style& style,
                 std::size_t width);

}  // namespace whyhung::report
