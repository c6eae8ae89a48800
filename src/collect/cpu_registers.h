// SPDX-License-Identifier: GPL-2.0-or-later
// The registers of a CPU at the moment of the dump, from the best source that has them.
#pragma once

#include "collect/workbench.h"

namespace whyhung::collect {

struct CpuRegisters {
  model::RegisterSource source = model::RegisterSource::kNone;
  arch::RegisterSet registers;
  std::string remark;  // why it is not a better source; empty for the best
};

// Matches notes to CPUs. Reads the dump file's notes once.
class CpuRegisterFinder {
 public:
  explicit CpuRegisterFinder(Workbench& bench);
  // `current_pid` is the pid of the task that runs on `cpu`, `task` its task_struct.
  CpuRegisters find(std::uint32_t cpu, std::uint32_t current_pid, VirtualAddress task) const;

 private:
  std::optional<target::NotedRegisters> from_crash_note(std::uint32_t cpu) const;
  std::optional<target::NotedRegisters> from_file(std::uint32_t cpu, std::uint32_t current_pid,
                                                  VirtualAddress task) const;
  bool is_surely_of(const target::NotedRegisters& note, std::uint32_t cpu, VirtualAddress task) const;
  bool is_surely_of_another(const target::NotedRegisters& note, VirtualAddress task) const;
  std::optional<std::size_t> place_among_cpus(std::uint32_t cpu) const;
  std::optional<arch::RegisterSet> from_interrupt(std::uint32_t cpu) const;
  std::optional<arch::RegisterSet> from_stack(VirtualAddress task) const;

  Workbench& bench_;
  std::vector<target::NotedRegisters> notes_;
  VirtualAddress crash_notes_;                   // base of the per-CPU notes; null: this kernel has none
  std::vector<std::uint64_t> hardware_numbers_;  // of the possible CPUs, in their order; empty: not known
};

}  // namespace whyhung::collect
