// SPDX-License-Identifier: GPL-2.0-or-later
// What speaks against "no hang" where no detector explains one: who matters, has waited beyond patience, and is not
// known to go on; and what could not be read.
#pragma once

#include "diagnose/diagnose.h"

namespace whyhung::diagnose {

void collect_doubts(const Case& facts, Diagnosis& diagnosis);

}  // namespace whyhung::diagnose
