// SPDX-License-Identifier: GPL-2.0-or-later
// The words of a kernel stack: what bt shows with -f, -F, -t, -T, -r and -v.
#pragma once

#include "commands/command.h"

namespace whyhung::commands {

enum class StackWords : std::uint8_t { kNumbers, kSymbols };

// Lines with the words from `begin` up to `end`, two a line.
std::string stack_words(const Call& call, std::uint64_t begin, std::uint64_t end, StackWords how);
// All return addresses on the stack (-t, -T), or all its words (-r).
void show_raw_stack(Call& call, const model::Task& task, const model::Cpu* cpu);
// Tasks whose stack ran over its end: the mark there was overwritten.
Result<void> show_overrun_stacks(Call& call, const std::vector<const model::Task*>& tasks);

}  // namespace whyhung::commands
