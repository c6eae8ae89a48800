// SPDX-License-Identifier: GPL-2.0-or-later
// What the user named as input, before it is opened.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace whyhung::cli {

// Where nothing was named, chooses the newest dump of the usual folders and says so. Fails when there is none, or when
// what was named is no file but looks like a command: then the error says what was probably meant.
Result<void> find_inputs(std::vector<std::string>& inputs);

}  // namespace whyhung::cli
