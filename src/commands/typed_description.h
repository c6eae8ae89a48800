// SPDX-License-Identifier: GPL-2.0-or-later
// What a typed value is, as JSON for programs that go on from there: its type, its kind, where it lies, and its value.
#pragma once

#include "commands/typed_value.h"

namespace whyhung::commands {

// Whether structures and arrays are told with all that is in them.
enum class Depth : std::uint8_t { kShallow, kDeep };

// `numbers` is for the value of what is told with all that is in it.
Result<Value> describe(const Call& call, const Typed& typed, Depth depth, Numbers numbers = Numbers::kSafe);

}  // namespace whyhung::commands
