// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/waits/taken_locks.h"

#include <algorithm>
#include <array>

namespace whyhung::collect {
namespace {

using arch::Flow;
using arch::Instruction;

constexpr int kMostSteps = 6;           // from a register back to where its value comes from
constexpr std::size_t kMostTakes = 64;  // in one function
constexpr std::uint32_t kMostNested = 3;

struct Value {
  std::optional<std::uint64_t> constant;  // nothing: got from elsewhere
  std::int64_t displacement = 0;
};

struct Operation {
  LockCall kind = LockCall::kNone;
  Value lock;
  bool names_any = false;  // a word that is written, where only what it names counts
};

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> heads) {
  return std::ranges::any_of(heads, [&](std::string_view head) { return text.starts_with(head); });
}

class Reader {
 public:
  Reader(const FlowGraph& graph, const LockCode& code) : graph_(graph), code_(code), joins_(graph.successors.size()) {
    for (std::uint32_t i = 0; i < graph.successors.size(); ++i) {
      for (const std::uint32_t next : graph.successors[i]) {
        if (next != i + 1) joins_[next] = true;
      }
    }
  }

  Operation operation(std::uint32_t index) const {
    const Instruction& one = graph_.instructions[index];
    if (one.flow == Flow::kCall) {
      const LockCall kind = one.target ? code_.call(*one.target) : LockCall::kNone;
      if (kind == LockCall::kNone) return {};
      return {kind, value_of(code_.argument, index, kMostSteps)};
    }
    const bool writes = one.memory.size() == 1 && one.memory.front().is_written && !one.memory.front().is_segmented;
    if (!writes || one.flow != Flow::kNext) return {};
    // Where no function is called to give it back: the byte that says "taken" is cleared.
    const bool clears =
        one.mnemonic == "stlrb" || (one.mnemonic == "movb" && one.immediates == std::vector<std::int64_t>{0});
    const Value place = address_of(one, index);
    return {LockCall::kGivesBack, place, !clears || place.displacement != 0};
  }

 private:
  Value address_of(const Instruction& one, std::uint32_t index) const {
    const arch::MemoryOperand& operand = one.memory.front();
    if (operand.is_pc_relative || (!operand.base && !operand.index)) {
      const auto place = arch::effective_address(one, operand, {});
      return {place ? std::optional(place->value) : std::nullopt, 0};
    }
    // What an index adds is not known: not even how far behind the rest it lies.
    if (!operand.base || operand.index) return {std::nullopt, -1};
    return plus(value_of(*operand.base, index, kMostSteps), operand.displacement);
  }

  static Value plus(Value value, std::int64_t distance) {
    if (value.constant) {
      value.constant = *value.constant + static_cast<std::uint64_t>(distance);
    } else {
      value.displacement += distance;
    }
    return value;
  }

  static bool writes(const Instruction& one, std::size_t reg) {
    return std::ranges::find(one.registers_written, reg) != one.registers_written.end();
  }

  // The instruction that gave the register the value that it has before `index`.
  std::optional<std::uint32_t> source(std::size_t reg, std::uint32_t index) const {
    const bool is_kept = std::ranges::find(code_.kept, reg) != code_.kept.end();
    for (std::uint32_t i = index; i > 0 && !joins_[i]; --i) {
      const Instruction& one = graph_.instructions[i - 1];
      if (writes(one, reg)) return i - 1;
      if (one.flow == Flow::kJump || one.flow == Flow::kReturn || one.flow == Flow::kStop) break;
      if (one.flow == Flow::kCall && !is_kept) return std::nullopt;
    }
    return is_kept ? only_source(reg) : std::nullopt;
  }

  // Of a register that calls keep, if it is given a value once in all the function.
  std::optional<std::uint32_t> only_source(std::size_t reg) const {
    std::optional<std::uint32_t> found;
    for (std::uint32_t i = 0; i < graph_.instructions.size(); ++i) {
      const Instruction& one = graph_.instructions[i];
      if (!writes(one, reg) || starts_with_any(one.mnemonic, {"pop", "leave", "ldp"})) continue;
      if (found) return std::nullopt;
      found = i;
    }
    return found;
  }

  Value value_of(std::size_t reg, std::uint32_t index, int steps) const {
    const auto from = steps == 0 ? std::nullopt : source(reg, index);
    if (!from) return {};
    const Instruction& one = graph_.instructions[*from];
    if (one.constant) return {one.constant, 0};
    if (one.mnemonic.starts_with("lea") && one.memory.size() == 1 && !one.memory.front().is_segmented) {
      const arch::MemoryOperand& operand = one.memory.front();
      if (operand.is_pc_relative) return address_of(one, *from);
      if (!operand.base || operand.index) return {};
      return plus(value_of(*operand.base, *from, steps - 1), operand.displacement);
    }
    if (!one.memory.empty()) return {};
    const bool has_constant = one.immediates.size() == 1;
    if (one.registers_read.empty()) {
      if (!has_constant || !starts_with_any(one.mnemonic, {"mov", "adr"})) return {};
      return {static_cast<std::uint64_t>(one.immediates.front()), 0};
    }
    if (one.registers_read.size() != 1) return {};
    const std::size_t read = one.registers_read.front();
    if (!has_constant && (one.mnemonic == "mov" || one.mnemonic == "movq")) return value_of(read, *from, steps - 1);
    if (!has_constant || !starts_with_any(one.mnemonic, {"add"})) return {};
    return plus(value_of(read, *from, steps - 1), one.immediates.front());
  }

  const FlowGraph& graph_;
  const LockCode& code_;
  std::vector<bool> joins_;  // reached from elsewhere than the instruction before
};

// Whether the lock that instruction `take` takes is still held on some way from there to `at`. Who gives back what
// nothing names is believed to give back what was taken last.
class Way {
 public:
  Way(const FlowGraph& graph, const std::vector<Operation>& operations, std::uint32_t take)
      : graph_(graph), operations_(operations), take_(take), seen_(graph.instructions.size()) {}

  bool leads_to(std::uint32_t at) {
    enter(take_, 0);
    while (!pending_.empty()) {
      const auto [index, nested] = pending_.back();
      pending_.pop_back();
      if (index == at) return true;
      if (const auto after = pass(index, nested)) enter(index, *after);
    }
    return false;
  }

 private:
  void enter(std::uint32_t index, std::uint32_t nested) {
    for (const std::uint32_t next : graph_.successors[index]) {
      if ((seen_[next] >> nested & 1) != 0) continue;
      seen_[next] |= static_cast<std::uint8_t>(1u << nested);
      pending_.emplace_back(next, nested);
    }
  }

  // How many others, which nothing names, are held as well behind the instruction; nothing: the lock is given back.
  std::optional<std::uint32_t> pass(std::uint32_t index, std::uint32_t nested) const {
    const Operation& one = operations_[index];
    const Operation& take = operations_[take_];
    if (one.kind == LockCall::kNone) return nested;
    if (one.lock.constant) {
      const bool is_it = take.lock.constant == one.lock.constant;
      return is_it && one.kind == LockCall::kGivesBack ? std::nullopt : std::optional(nested);
    }
    if (one.names_any) return nested;
    if (one.kind == LockCall::kTakes) return std::min(nested + 1, kMostNested);
    return nested == 0 ? std::nullopt : std::optional(nested - 1);
  }

  const FlowGraph& graph_;
  const std::vector<Operation>& operations_;
  std::uint32_t take_;
  std::vector<std::uint8_t> seen_;  // a bit for each number of others
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pending_;
};

}  // namespace

std::optional<LockCode> lock_code(const arch::Architecture& architecture) {
  constexpr auto kKept = std::to_array<std::string_view>(
      {"rbx", "rbp", "r12", "r13", "r14", "r15", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28"});
  if (architecture.find_register == nullptr) return std::nullopt;
  const bool is_known = architecture.name == "x86_64" || architecture.name == "arm64";
  const auto argument = architecture.find_register(architecture.name == "x86_64" ? "rdi" : "x0");
  if (!is_known || !argument) return std::nullopt;
  LockCode code;
  code.argument = *argument;
  for (const std::string_view name : kKept) {
    if (const auto reg = architecture.find_register(name)) code.kept.push_back(*reg);
  }
  return code;
}

std::vector<TakenLock> taken_on_the_way(const FlowGraph& graph, std::uint32_t at, const LockCode& code) {
  std::vector<TakenLock> taken;
  if (at >= graph.instructions.size()) return taken;
  const Reader reader(graph, code);
  std::vector<Operation> operations;
  operations.reserve(graph.instructions.size());
  for (std::uint32_t i = 0; i < graph.instructions.size(); ++i) operations.push_back(reader.operation(i));
  for (std::uint32_t i = 0; i < operations.size() && taken.size() < kMostTakes; ++i) {
    if (operations[i].kind != LockCall::kTakes || i == at || !Way(graph, operations, i).leads_to(at)) continue;
    const Value& lock = operations[i].lock;
    const auto named = lock.constant ? std::optional(VirtualAddress(*lock.constant)) : std::nullopt;
    taken.push_back({graph.instructions[i].address, named, lock.displacement});
  }
  return taken;
}

}  // namespace whyhung::collect
