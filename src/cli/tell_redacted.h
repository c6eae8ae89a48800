// SPDX-License-Identifier: GPL-2.0-or-later
// Says on standard error how much was taken out of what is passed on.
#pragma once

#include "model/redact.h"

namespace whyhung::cli {

void tell_redacted(const model::Redactor& redactor);

}  // namespace whyhung::cli
