// SPDX-License-Identifier: GPL-2.0-or-later
// A typed value as JSON.
#pragma once

#include "commands/expression.h"

namespace whyhung::commands {

Result<Value> value_of(const Call& call, const Typed& typed);

}  // namespace whyhung::commands
