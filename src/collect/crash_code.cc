// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/crash_code.h"

#include <algorithm>

#include "collect/flow_graph.h"

namespace whyhung::collect {
namespace {

constexpr std::uint32_t kBefore = 6;  // instructions shown
constexpr std::uint32_t kBehind = 3;

// Those that the exception saved, or, of the innermost frame, those that were noted of the CPU.
arch::RegisterSet registers_at(const arch::Architecture& architecture, const model::Cpu& cpu, std::uint32_t frame) {
  arch::RegisterSet registers;
  const auto saved = std::ranges::find(cpu.stack.registers, frame, &model::FrameRegisters::frame);
  if (saved == cpu.stack.registers.end() && frame != 0) return registers;
  for (const model::RegisterValue& one : saved == cpu.stack.registers.end() ? cpu.registers : saved->values) {
    const auto name = std::ranges::find(architecture.register_names, std::string_view(one.name));
    if (name == architecture.register_names.end()) continue;
    registers.set(static_cast<std::size_t>(name - architecture.register_names.begin()), one.value);
  }
  return registers;
}

std::string text_of(const arch::Instruction& instruction) {
  return fmt::format("{:#x}: {}{}{}", instruction.address.value, instruction.mnemonic,
                     instruction.operands.empty() ? "" : " ", instruction.operands);
}

// An indirect call or jump reads where it goes to; an instruction that only computes an address reads nothing.
std::optional<std::uint64_t> address_meant(const arch::Instruction& instruction, const arch::RegisterSet& registers) {
  for (const arch::MemoryOperand& operand : instruction.memory) {
    if (operand.is_segmented || (!operand.is_read && !operand.is_written)) continue;
    if (const auto address = arch::effective_address(instruction, operand, registers)) return address->value;
  }
  return std::nullopt;
}

}  // namespace

void describe_crash_code(Workbench& bench, model::Crash& crash) {
  const model::Cpu* cpu = bench.snapshot.find_cpu(crash.cpu);
  if (!bench.disassembler || cpu == nullptr || crash.frame >= cpu->stack.frames.size()) return;
  const model::StackFrame& frame = cpu->stack.frames[crash.frame];
  const VirtualAddress pc(bench.snapshot.location(frame).address);
  const bool is_exact = model::is_exact(frame.origin);
  const auto symbol = bench.access.symbols.find_covering(is_exact ? pc : pc - 1);
  if (!symbol || symbol->symbol.size == 0) return;
  const FlowGraph graph =
      decode_function(*bench.disassembler, bench.access.memory, symbol->symbol.address, symbol->symbol.size);
  const auto& all = graph.instructions;
  // Of a call, what stands before the place that it returns to.
  const auto is_it = [&](const arch::Instruction& one) { return is_exact ? one.address == pc : one.end() == pc; };
  const auto found = std::ranges::find_if(all, is_it);
  if (found == all.end()) return;
  const auto at = static_cast<std::uint32_t>(found - all.begin());
  const std::uint32_t first = at - std::min(at, kBefore);
  const auto end = std::min<std::size_t>(all.size(), std::size_t{at} + kBehind + 1);
  for (std::size_t i = first; i < end; ++i) crash.code.push_back(text_of(all[i]));
  crash.code_at = at - first;
  if (is_exact) {
    crash.address = address_meant(*found, registers_at(*bench.target.architecture, *cpu, crash.frame));
  }
}

}  // namespace whyhung::collect
