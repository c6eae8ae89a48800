// SPDX-License-Identifier: GPL-2.0-or-later
// What the operators of expressions do to typed values.
#pragma once

#include "commands/expression.h"

namespace whyhung::commands {

// An integer of no particular type.
Typed plain(std::uint64_t value);
Result<Typed> address_of(const Typed& value);
// What a pointer points to; a number without a type is taken for a pointer to unsigned long, as crash's users mean it.
Result<Typed> pointed_at(const Call& call, const Typed& value);
Result<Typed> member_of(const Call& call, const Typed& object, std::string_view name);
Result<Typed> element_of(const Call& call, const Typed& array, std::uint64_t index);
Result<Typed> cast_to(const Call& call, const Typed& type, const Typed& value);
Result<Typed> combine(const Call& call, std::string_view operation, const Typed& left, const Typed& right);
// A variable, function or enumerator by name.
Result<Typed> variable(const Call& call, std::string_view name);
Result<Typed> per_cpu_variable(const Call& call, std::string_view name, std::string_view cpu);
std::optional<std::uint64_t> size_of_typed(const Call& call, const Typed& value);

}  // namespace whyhung::commands
