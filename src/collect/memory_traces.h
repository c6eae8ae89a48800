// SPDX-License-Identifier: GPL-2.0-or-later
// What memory still tells of a CPU whose registers nobody saved, and on whose stack no interrupt left any.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collect/workbench.h"

namespace whyhung::collect {

class MemoryTraces {
 public:
  explicit MemoryTraces(Workbench& bench) : bench_(bench) {}
  // Sentences, each with "; " before it: where the CPU's task last let another one run, and what the kernel's log last
  // said of the CPU. Hints that prove nothing; empty when there are none. The log is read once.
  std::string of(std::uint32_t cpu, VirtualAddress task);

 private:
  Workbench& bench_;
  std::optional<std::vector<model::LogRecord>> records_;
};

}  // namespace whyhung::collect
