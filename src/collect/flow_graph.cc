// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/flow_graph.h"

#include <algorithm>
#include <array>

namespace whyhung::collect {
namespace {

// Every instruction that `start` reaches along `edges`, `start` itself only when a way leads back to it.
std::vector<bool> reach(const std::vector<std::vector<std::uint32_t>>& edges, std::uint32_t start) {
  std::vector<bool> reached(edges.size(), false);
  std::vector<std::uint32_t> pending = {start};
  while (!pending.empty()) {
    const std::uint32_t node = pending.back();
    pending.pop_back();
    for (const std::uint32_t next : edges[node]) {
      if (reached[next]) continue;
      reached[next] = true;
      pending.push_back(next);
    }
  }
  return reached;
}

// A jump through a register that the instruction before it gave a constant goes to a known place: machines whose
// direct jumps do not reach far enough are told addresses in two halves.
void join_halves(std::vector<arch::Instruction>& instructions) {
  for (std::size_t i = 1; i < instructions.size(); ++i) {
    const arch::Instruction& half = instructions[i - 1];
    arch::Instruction& jump = instructions[i];
    if (jump.target || !jump.register_distance || jump.registers_read.empty()) continue;
    if (!half.constant || half.registers_written != std::vector{jump.registers_read.front()}) continue;
    jump.target = VirtualAddress(*half.constant) + static_cast<std::uint64_t>(*jump.register_distance);
  }
}

// Where control goes after an instruction that carries out another one is that one's business. A changed one is
// believed only where nothing but the length of an access to memory can have been changed.
void look_up_executed(const arch::Disassembler& disassembler, const VirtualMemory& memory,
                      arch::Instruction& instruction) {
  constexpr std::size_t kLongest = 6;
  std::array<std::byte, kLongest> code;
  const arch::ExecutedElsewhere& executed = *instruction.executes;
  std::size_t size = code.size();
  // It may be the last one before a page that is not there.
  while (size > 0 && !memory.read(executed.address, std::span(code).first(size))) size -= 2;
  const auto other = disassembler.decode(std::span(code).first(size), executed.address);
  if (!other || other->executes) return;
  const bool only_moves = other->flow == arch::Flow::kNext && other->memory.size() == 2;
  if (executed.is_changed && !only_moves) return;
  instruction.flow = other->flow;
  instruction.target = other->target;
  instruction.memory = other->memory;
  instruction.registers_read = other->registers_read;
  instruction.registers_written = other->registers_written;
  instruction.register_distance = other->register_distance;
  instruction.sets_flags = other->sets_flags;
}

}  // namespace

std::optional<std::uint32_t> FlowGraph::index_of(VirtualAddress address) const {
  const auto found = std::ranges::lower_bound(instructions, address, {}, &arch::Instruction::address);
  if (found == instructions.end() || found->address != address) return std::nullopt;
  return static_cast<std::uint32_t>(found - instructions.begin());
}

FlowGraph decode_function(const arch::Disassembler& disassembler, const VirtualMemory& memory, VirtualAddress begin,
                          std::uint64_t size) {
  FlowGraph graph;
  std::vector<std::byte> code(std::min(size, kMostFunctionBytes));
  if (!memory.read(begin, code)) {
    graph.truncated = true;
    return graph;
  }
  graph.truncated = size > kMostFunctionBytes;
  for (std::size_t offset = 0; offset < code.size();) {
    auto instruction = disassembler.decode(std::span(code).subspan(offset), begin + offset);
    if (!instruction || instruction->size == 0) {
      graph.truncated = true;
      break;
    }
    offset += instruction->size;
    graph.instructions.push_back(std::move(*instruction));
  }
  for (arch::Instruction& one : graph.instructions) {
    if (one.executes) look_up_executed(disassembler, memory, one);
  }
  disassembler.complete(graph.instructions);
  join_halves(graph.instructions);
  graph.successors.resize(graph.instructions.size());
  for (std::uint32_t i = 0; i < graph.instructions.size(); ++i) {
    const arch::Instruction& instruction = graph.instructions[i];
    const bool falls_through = instruction.flow == arch::Flow::kNext || instruction.flow == arch::Flow::kCall ||
                               instruction.flow == arch::Flow::kConditionalJump;
    if (falls_through && i + 1 < graph.instructions.size()) graph.successors[i].push_back(i + 1);
    const bool jumps = instruction.flow == arch::Flow::kJump || instruction.flow == arch::Flow::kConditionalJump;
    if (!jumps || !instruction.target) continue;
    if (const auto target = graph.index_of(*instruction.target)) graph.successors[i].push_back(*target);
  }
  return graph;
}

std::vector<std::uint32_t> loop_around(const FlowGraph& graph, std::uint32_t start) {
  std::vector<std::vector<std::uint32_t>> predecessors(graph.successors.size());
  for (std::uint32_t i = 0; i < graph.successors.size(); ++i) {
    for (const std::uint32_t next : graph.successors[i]) predecessors[next].push_back(i);
  }
  const std::vector<bool> forward = reach(graph.successors, start);
  if (!forward[start]) return {};
  const std::vector<bool> backward = reach(predecessors, start);
  std::vector<std::uint32_t> loop;
  for (std::uint32_t i = 0; i < forward.size(); ++i) {
    if (forward[i] && backward[i]) loop.push_back(i);
  }
  return loop;
}

}  // namespace whyhung::collect
