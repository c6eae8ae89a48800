// SPDX-License-Identifier: GPL-2.0-or-later
// Structures shown by `struct`, and by the commands that walk over many of them: list, tree, task -R.
#pragma once

#include "commands/typed_value.h"

namespace whyhung::commands {

// "T" or "T.a,b.c[2]": a type and the members of it that are wanted; none: all of it.
struct ObjectChoice {
  Typed type;
  std::string name;  // "struct task_struct"
  std::vector<std::string> members;
};
// `keyword` may be "struct", "union" or empty.
Result<ObjectChoice> parse_choice(const Call& call, std::string_view keyword, std::string_view text);

struct ObjectText {
  std::string text;  // with its newline
  Value value;
};
// The object at an address, or the chosen members of it.
Result<ObjectText> show_object(const Call& call, const ObjectChoice& choice, std::uint64_t address,
                               debuginfo::Radix radix);
// The same as JSON alone.
Result<Value> value_of_object(const Call& call, const ObjectChoice& choice, std::uint64_t address,
                              Numbers numbers = Numbers::kSafe);

// -x and -d of a command, else what is set.
debuginfo::Radix radix_of(const Call& call);

}  // namespace whyhung::commands
