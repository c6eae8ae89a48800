// SPDX-License-Identifier: GPL-2.0-or-later
// A typed value as JSON.
#pragma once

#include "commands/expression.h"

namespace whyhung::commands {

// How pointers and numbers beyond 2^53 are written: "0x…", which every reader of JSON keeps, or as numbers, for readers
// that keep 64 bits and must tell them from texts.
enum class Numbers : std::uint8_t { kSafe, kExact };

Result<Value> value_of(const Call& call, const Typed& typed, Numbers numbers = Numbers::kSafe);

}  // namespace whyhung::commands
