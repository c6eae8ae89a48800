// SPDX-License-Identifier: GPL-2.0-or-later
// The control flow of one function, decoded from the machine code in the dump.
#pragma once

#include <optional>
#include <vector>

#include "arch/disassembler.h"
#include "base/memory_reader.h"

namespace whyhung::collect {

// Instructions of a function in address order, with their successors inside of the function (indexes).
struct FlowGraph {
  std::vector<arch::Instruction> instructions;
  std::vector<std::vector<std::uint32_t>> successors;
  bool truncated = false;  // the code could not be read or decoded to its end

  std::optional<std::uint32_t> index_of(VirtualAddress address) const;
};

// Decodes [begin, begin + size), at most kMostFunctionBytes of it.
FlowGraph decode_function(const arch::Disassembler& disassembler, const VirtualMemory& memory, VirtualAddress begin,
                          std::uint64_t size);

// The instructions from which `start` can be reached again and which can be reached from it: the loops around it.
// Empty when there is no way back.
std::vector<std::uint32_t> loop_around(const FlowGraph& graph, std::uint32_t start);

inline constexpr std::uint64_t kMostFunctionBytes = std::uint64_t{64} * 1024;

}  // namespace whyhung::collect
