// SPDX-License-Identifier: GPL-2.0-or-later
// A stack for showing, with its own table of places: commands never write into the snapshot.
#pragma once

#include "commands/command.h"

namespace whyhung::commands {

enum class Lines : std::uint8_t { kLeave, kFind };

struct ShownStack {
  model::Snapshot places;  // nothing but the machine and the places of this stack
  model::StackTrace stack;
};

// The stack in full, registers included where memory is at hand; `cpu` runs the task, or is null.
ShownStack shown_stack(const Context& context, const model::Task& task, const model::Cpu* cpu, Lines lines);

}  // namespace whyhung::commands
