// SPDX-License-Identifier: GPL-2.0-or-later
// What the first screen says of a machine.
#pragma once

#include "diagnose/diagnose.h"
#include "model/index.h"
#include "report/screen.h"

namespace whyhung::report {

Screen make_screen(const model::Index& index, const diagnose::Diagnosis& diagnosis);

}  // namespace whyhung::report
