// SPDX-License-Identifier: GPL-2.0-or-later
// Per-CPU variables and the sets of CPUs (mm/percpu.c, kernel/cpu.c).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "kernel/fields.h"

namespace whyhung::kernel {

class PerCpu {
 public:
  // Fails when the kernel's table of per-CPU offsets cannot be read: then no CPU can be looked at.
  static Result<PerCpu> open(const Access& access);

  // Numbers of the possible CPUs, ascending. Never the online mask: a panic clears it CPU by CPU.
  const std::vector<std::uint32_t>& possible() const { return possible_; }
  // The CPUs of a mask symbol ("__cpu_online_mask"); nothing when it cannot be read.
  std::optional<std::vector<std::uint32_t>> mask(std::string_view symbol) const;

  // The copy of a per-CPU variable that belongs to `cpu`, which is one of possible().
  VirtualAddress instance(VirtualAddress variable, std::uint32_t cpu) const { return variable + offsets_.at(cpu); }
  // The same by the variable's name; nothing when there is no such symbol.
  std::optional<VirtualAddress> find(std::string_view variable, std::uint32_t cpu) const;
  std::uint64_t offset(std::uint32_t cpu) const { return offsets_.at(cpu); }

 private:
  explicit PerCpu(const Access& access) : access_(access) {}

  Access access_;
  std::vector<std::uint64_t> offsets_;  // by CPU number
  std::vector<std::uint32_t> possible_;
};

}  // namespace whyhung::kernel
