// SPDX-License-Identifier: GPL-2.0-or-later
// What an embedding program asks for when it opens a dump, as JSON.
#pragma once

#include <string_view>

#include "commands/typed_value.h"
#include "session/session.h"

namespace whyhung::embed {

struct Options {
  session::Request request;
  commands::Numbers numbers = commands::Numbers::kSafe;
};

// Adds what the JSON says. Empty: nothing. kUsage for what is not JSON or no option, so that a slip is noticed.
Result<void> read_options(std::string_view json, Options& options);

}  // namespace whyhung::embed
