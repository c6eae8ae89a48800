// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/loop.h"

#include <algorithm>
#include <array>

#include "collect/flow_graph.h"
#include "names/functions.h"

namespace whyhung::collect {
namespace {

using arch::Flow;
using arch::Instruction;
using model::LoopYield;

constexpr std::uint32_t kMostFrames = 8;  // frames outward that are looked at
constexpr std::size_t kMostShown = 24;    // instructions kept for the report
constexpr std::size_t kMostExits = 8;
constexpr int kMostCallDepth = 3;
constexpr std::size_t kMostFunctionsFollowed = 12;
constexpr std::uint64_t kMostCalleeBytes = 2048;  // longer ones are taken for code that may do anything

std::string text_of(const Instruction& instruction) {
  if (instruction.operands.empty()) return instruction.mnemonic;
  return instruction.mnemonic + " " + instruction.operands;
}

// One loop being examined: the function's flow and which instructions belong to the loop.
class LoopExaminer {
 public:
  LoopExaminer(Workbench& bench, const FlowGraph& graph, std::vector<std::uint32_t> members,
               std::optional<arch::RegisterSet> registers)
      : bench_(bench), graph_(graph), members_(std::move(members)), registers_(registers) {}

  void describe(model::Loop& loop) {
    loop.begin = graph_.instructions[members_.front()].address.value;
    loop.end = graph_.instructions[members_.back()].end().value;
    loop.has_unknown_flow = graph_.truncated;
    for (const std::uint32_t member : members_) {
      const Instruction& instruction = graph_.instructions[member];
      if (loop.instructions.size() < kMostShown) {
        loop.instructions.push_back(fmt::format("{:#x}: {}", instruction.address.value, text_of(instruction)));
      }
      if (instruction.flow == Flow::kJump && !instruction.target) loop.has_unknown_flow = true;
      if (instruction.flow == Flow::kCall) {
        const std::string callee =
            instruction.target ? bench_.function_name(*instruction.target) : std::string("indirect");
        if (std::ranges::find(loop.calls, callee) == loop.calls.end()) loop.calls.push_back(callee);
      }
      if (instruction.flow == Flow::kConditionalJump && leaves(member) && loop.exits.size() < kMostExits) {
        loop.exits.push_back(describe_exit(member));
      }
    }
    loop.yield = yield_of_members();
  }

 private:
  bool is_member(std::uint32_t index) const { return std::ranges::binary_search(members_, index); }

  bool leaves(std::uint32_t branch) const {
    const Instruction& instruction = graph_.instructions[branch];
    // One without a target is a conditional return.
    const bool outside = !instruction.target || !graph_.index_of(*instruction.target);
    const auto& next = graph_.successors[branch];
    return outside || std::ranges::any_of(next, [&](std::uint32_t index) { return !is_member(index); });
  }

  // The nearest instruction before `index`, on the straight path inside of the loop, for which `found` holds.
  template <typename Predicate>
  std::optional<std::uint32_t> look_back(std::uint32_t index, Predicate found) const {
    for (std::uint32_t i = index; i-- > 0 && is_member(i);) {
      if (found(graph_.instructions[i])) return i;
      const Flow flow = graph_.instructions[i].flow;
      if (flow == Flow::kJump || flow == Flow::kReturn || flow == Flow::kStop) break;
    }
    return std::nullopt;
  }

  model::LoopExit describe_exit(std::uint32_t branch) const {
    model::LoopExit exit;
    const Instruction& jump = graph_.instructions[branch];
    exit.branch = jump.address.value;
    // cbz, tbz and their like look at a register, not at flags.
    if (!jump.registers_read.empty()) {
      exit.condition = text_of(jump);
      depend_on_register(branch, jump.registers_read.front(), exit);
      return exit;
    }
    const auto decider = look_back(branch, [](const Instruction& one) { return one.sets_flags; });
    if (!decider) {
      exit.condition = text_of(jump);
      return exit;
    }
    const Instruction& compare = graph_.instructions[*decider];
    exit.condition = text_of(compare) + "; " + text_of(jump);
    if (!compare.memory.empty()) {
      depend_on_memory(compare, exit);
    } else if (!compare.registers_read.empty()) {
      depend_on_register(*decider, compare.registers_read.front(), exit);
    }
    return exit;
  }

  void depend_on_memory(const Instruction& instruction, model::LoopExit& exit) const {
    const arch::MemoryOperand& operand = instruction.memory.front();
    if (operand.is_segmented) {
      exit.depends_on = "per-CPU memory";
      return;
    }
    const auto address = known_address(instruction, operand);
    if (!address) {
      exit.depends_on = "memory at an address that was not kept";
      return;
    }
    exit.memory_address = address->value;
    exit.depends_on = fmt::format("memory at {:#x}", address->value);
    if (const auto symbol = bench_.access.symbols.find_covering(*address)) {
      exit.symbol =
          symbol->offset == 0 ? symbol->symbol.name : fmt::format("{}+{:#x}", symbol->symbol.name, symbol->offset);
      if (!symbol->symbol.module.empty()) exit.symbol += fmt::format(" [{}]", symbol->symbol.module);
    }
    const std::size_t size = operand.size == 0 ? 8 : operand.size;
    if (const auto value = bench_.access.memory.read_unsigned(*address, size)) exit.value = *value;
  }

  // An address is only as good as its registers: those that the loop itself changes may have had another value, unless
  // they get it as a constant on the way to the instruction.
  std::optional<VirtualAddress> known_address(const Instruction& instruction,
                                              const arch::MemoryOperand& operand) const {
    arch::RegisterSet registers = registers_.value_or(arch::RegisterSet{});
    const auto index = graph_.index_of(instruction.address);
    for (const auto& reg : {operand.base, operand.index}) {
      if (!reg || !is_changed(*reg)) continue;
      const auto source =
          index ? look_back(*index, [&](const Instruction& one) { return may_write(one, *reg); }) : std::nullopt;
      if (!source || !graph_.instructions[*source].constant) return std::nullopt;
      registers.set(*reg, *graph_.instructions[*source].constant);
    }
    return arch::effective_address(instruction, operand, registers);
  }

  static bool may_write(const Instruction& one, std::size_t reg) {
    return one.flow == Flow::kCall || std::ranges::find(one.registers_written, reg) != one.registers_written.end();
  }

  bool is_changed(std::size_t reg) const {
    return std::ranges::any_of(members_,
                               [&](std::uint32_t member) { return may_write(graph_.instructions[member], reg); });
  }

  void depend_on_register(std::uint32_t decider, std::size_t reg, model::LoopExit& exit) const {
    const std::string name(bench_.target.architecture->register_names[reg]);
    const auto source = look_back(decider, [&](const Instruction& one) { return may_write(one, reg); });
    if (source) {
      const Instruction& load = graph_.instructions[*source];
      if (load.flow == Flow::kCall) {
        exit.depends_on = load.target ? fmt::format("what {}() returns", bench_.function_name(*load.target))
                                      : "what an indirect call returns";
        return;
      }
      if (!load.memory.empty()) return depend_on_memory(load, exit);
    }
    exit.depends_on = fmt::format("register {}", name);
    if (!registers_) return;
    if (const auto value = registers_->get(reg)) exit.value = *value;
  }

  LoopYield yield_of_members() {
    LoopYield result = LoopYield::kNever;
    for (const std::uint32_t member : members_) {
      const Instruction& instruction = graph_.instructions[member];
      if (instruction.flow != Flow::kCall) continue;
      const LoopYield one = yield_of_call(instruction, kMostCallDepth);
      if (one == LoopYield::kMay) return one;
      if (one == LoopYield::kUnknown) result = one;
    }
    return result;
  }

  // Modules reach functions that are far away through a few instructions that make the address and jump there. They
  // have no name of their own.
  VirtualAddress behind_veneer(VirtualAddress target) const {
    constexpr std::size_t kVeneerBytes = 12;
    const auto addresses_in_code = bench_.target.architecture->addresses_in_code;
    std::array<std::byte, kVeneerBytes> code;
    if (addresses_in_code == nullptr || !bench_.access.memory.read(target, code)) return target;
    const auto made = addresses_in_code(code, target);
    const FlowGraph graph = decode_function(*bench_.disassembler, bench_.access.memory, target, kVeneerBytes);
    for (const Instruction& instruction : graph.instructions) {
      if (instruction.flow == Flow::kNext) continue;
      const bool jumps = instruction.flow == Flow::kJump && !instruction.target && !made.empty();
      return jumps ? made.back() : target;
    }
    return target;
  }

  LoopYield yield_of_call(const Instruction& call, int depth) {
    if (!call.target) return LoopYield::kUnknown;
    const auto symbol = bench_.access.symbols.find_covering(behind_veneer(*call.target));
    if (!symbol) return LoopYield::kUnknown;
    if (names::means(symbol->symbol.name, names::Meaning::kYields)) return LoopYield::kMay;
    if (depth == 0 || followed_ == kMostFunctionsFollowed || symbol->symbol.size == 0) return LoopYield::kUnknown;
    if (symbol->symbol.size > kMostCalleeBytes) return LoopYield::kUnknown;
    ++followed_;
    const FlowGraph callee =
        decode_function(*bench_.disassembler, bench_.access.memory, symbol->symbol.address, symbol->symbol.size);
    if (callee.truncated) return LoopYield::kUnknown;
    return yield_of_function(callee, symbol->symbol, depth);
  }

  LoopYield yield_of_function(const FlowGraph& callee, const debuginfo::Symbol& symbol, int depth) {
    LoopYield result = LoopYield::kNever;
    for (const Instruction& instruction : callee.instructions) {
      LoopYield one = LoopYield::kNever;
      if (instruction.flow == Flow::kCall) one = yield_of_call(instruction, depth - 1);
      if (instruction.flow == Flow::kJump) one = yield_of_jump(instruction, symbol, depth);
      if (one == LoopYield::kMay) return one;
      if (one == LoopYield::kUnknown) result = one;
    }
    return result;
  }

  // A jump out of a function is a return in disguise or a call at its end.
  LoopYield yield_of_jump(const Instruction& jump, const debuginfo::Symbol& symbol, int depth) {
    if (!jump.target) return LoopYield::kUnknown;
    if (*jump.target >= symbol.address && *jump.target < symbol.address + symbol.size) return LoopYield::kNever;
    const auto target = bench_.access.symbols.find_covering(*jump.target);
    if (target && names::means(target->symbol.name, names::Meaning::kReturnThunk)) return LoopYield::kNever;
    return yield_of_call(jump, depth - 1);
  }

  Workbench& bench_;
  const FlowGraph& graph_;
  std::vector<std::uint32_t> members_;
  std::optional<arch::RegisterSet> registers_;
  std::size_t followed_ = 0;
};

std::optional<model::Loop> loop_at_frame(Workbench& bench, const model::Cpu& cpu, std::uint32_t frame, bool is_exact,
                                         const std::optional<arch::RegisterSet>& registers) {
  const model::CodeLocation& location = bench.snapshot.location(cpu.stack.frames[frame]);
  const VirtualAddress pc(location.address);
  const auto symbol = bench.access.symbols.find_covering(is_exact ? pc : pc - 1);
  if (!symbol || symbol->symbol.size == 0) return std::nullopt;
  const FlowGraph graph =
      decode_function(*bench.disassembler, bench.access.memory, symbol->symbol.address, symbol->symbol.size);
  auto at = graph.index_of(pc);
  // A return address stands behind its call; the loop is the one that the call is part of.
  if (!is_exact) {
    if (!at && !graph.instructions.empty() && graph.instructions.back().end() == pc) {
      at = static_cast<std::uint32_t>(graph.instructions.size());
    }
    if (!at || *at == 0) return std::nullopt;
    at = *at - 1;
  }
  if (!at) return std::nullopt;
  auto members = loop_around(graph, *at);
  if (members.empty()) return std::nullopt;
  model::Loop loop;
  loop.frame = frame;
  loop.function = location.function;
  loop.module = location.module;
  LoopExaminer(bench, graph, std::move(members), registers).describe(loop);
  return loop;
}

}  // namespace

std::optional<model::Loop> find_loop(Workbench& bench, const model::Cpu& cpu,
                                     const std::optional<arch::RegisterSet>& registers) {
  if (!bench.disassembler || !cpu.activity) return std::nullopt;
  const model::ContextSegment& segment = cpu.contexts[*cpu.activity];
  const std::uint32_t end = std::min(segment.end_frame, segment.first_frame + kMostFrames);
  std::optional<model::Loop> innermost;
  for (std::uint32_t frame = segment.first_frame; frame < end; ++frame) {
    const bool is_innermost = frame == segment.first_frame;
    const bool is_exact = model::is_exact(cpu.stack.frames[frame].origin);
    auto loop = loop_at_frame(bench, cpu, frame, is_exact, is_innermost ? registers : std::nullopt);
    // Where in such a frame the CPU was is not known, so a loop further out proves nothing.
    const bool is_vague = is_innermost && cpu.stack.frames[frame].origin == model::FrameOrigin::kLinkRegister;
    if (!loop && is_vague) return std::nullopt;
    if (!loop) continue;
    const bool is_endless = loop->exits.empty() && !loop->has_unknown_flow && loop->yield == LoopYield::kNever;
    if (is_endless) return loop;
    if (!innermost) innermost = std::move(loop);
  }
  return innermost;
}

}  // namespace whyhung::collect
