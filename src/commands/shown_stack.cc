// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/shown_stack.h"

#include "collect/stacks.h"

namespace whyhung::commands {

ShownStack shown_stack(const Context& context, const model::Task& task, const model::Cpu* cpu, Lines lines) {
  ShownStack shown;
  shown.places.machine.architecture = context.snapshot.machine.architecture;
  if (cpu == nullptr && context.machine != nullptr) {
    shown.stack = collect::stack_of_sleeping_task(*context.machine, VirtualAddress(task.address),
                                                  collect::StackDetail::kFramesAndRegisters, shown.places.locations);
  } else {
    shown.stack = cpu != nullptr ? cpu->stack : task.stack;
    for (model::StackFrame& frame : shown.stack.frames) {
      shown.places.locations.push_back(context.snapshot.location(frame));
      frame.location = static_cast<std::uint32_t>(shown.places.locations.size() - 1);
    }
  }
  if (lines == Lines::kLeave || context.machine == nullptr) return shown;
  for (const model::StackFrame& frame : shown.stack.frames) {
    model::CodeLocation& place = shown.places.locations[frame.location];
    const VirtualAddress address(place.address);
    if (!place.module.empty() || !place.lines.empty()) continue;
    place.lines = collect::lines_at(*context.machine, model::is_exact(frame.origin) ? address : address - 1);
  }
  return shown;
}

}  // namespace whyhung::commands
