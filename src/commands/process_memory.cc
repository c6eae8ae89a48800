// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/process_memory.h"

namespace whyhung::commands {

std::optional<ProcessMemory> ProcessMemory::open(collect::Workbench& machine, const model::Task& task) {
  if (task.is_kernel_thread || task.is_idle_task || !machine.target.address_space) return std::nullopt;
  const VirtualMemory& memory = machine.access.memory;
  kernel::Binder binder(machine.access.types);
  const kernel::Field pgd = binder.optional("mm_struct", {"pgd"});
  const auto mm = machine.tasks.mm.read_pointer(memory, VirtualAddress(task.address));
  if (!mm || mm->is_null()) return std::nullopt;
  const auto tables = pgd.read_pointer(memory, *mm);
  if (!tables) return std::nullopt;
  const auto root = machine.target.memory->translate(*tables);
  if (!root) return std::nullopt;
  return ProcessMemory(
      *mm, *root, target::UserMemory(*machine.target.dump, *machine.target.address_space, *root, memory.byte_order()));
}

}  // namespace whyhung::commands
