// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/crash_registers.h"

#include <algorithm>

#include "collect/crash.h"

namespace whyhung::collect {
namespace {

using model::CrashKind;
using names::Meaning;

constexpr std::uint64_t kWord = 8;
constexpr std::uint64_t kFarthest = 1024;  // bytes between the stack pointer and the end of the saved registers
constexpr std::size_t kHandlerWords = 64;  // below them, in which the handler's first calls lie
constexpr std::uint64_t kGuard = 65536;    // bytes below a stack
constexpr std::uint64_t kLastBytes = 16;   // of a stack that has no room for a call any more

std::optional<std::uint64_t> value_of(const model::Cpu& cpu, std::string_view name) {
  const auto found = std::ranges::find(cpu.registers, name, &model::RegisterValue::name);
  return found == cpu.registers.end() ? std::nullopt : std::optional(found->value);
}

// Where a struct pt_regs lies that says what the CPU's registers say.
std::optional<VirtualAddress> saved_below(Workbench& bench, std::uint64_t pc, std::uint64_t sp) {
  const arch::Architecture& architecture = *bench.target.architecture;
  const std::uint64_t size = architecture.pt_regs_size;
  std::vector<std::byte> bytes(size);
  for (std::uint64_t gap = 0; gap <= kFarthest && gap + size < sp; gap += kWord) {
    const VirtualAddress at((sp - sp % kWord) - size - gap);
    if (!bench.access.memory.read(at, bytes)) return std::nullopt;
    const arch::RegisterSet saved = architecture.decode_pt_regs(bytes);
    if (saved.get(architecture.program_counter) == pc && saved.get(architecture.stack_pointer) == sp) return at;
  }
  return std::nullopt;
}

// What handled the exception: the first of the return addresses below the registers that says it.
CrashKind kind_below(Workbench& bench, VirtualAddress registers) {
  for (std::size_t i = 1; i <= kHandlerWords; ++i) {
    const auto word = bench.access.memory.read_pointer(registers - i * kWord);
    if (!word) break;
    if (!bench.target.architecture->is_kernel_address(*word)) continue;
    const auto symbol = bench.access.symbols.find_covering(*word - 1);
    if (!symbol || !symbol->symbol.module.empty()) continue;
    const std::uint32_t location = bench.locate(*word, *word - 1);
    if (const auto kind = kind_of_handler(bench.snapshot.locations.at(location).meanings)) return *kind;
  }
  return CrashKind::kOtherException;
}

bool tells_of_panic(const model::Snapshot& snapshot, const model::Cpu& cpu) {
  return std::ranges::any_of(cpu.stack.frames, [&](const model::StackFrame& frame) {
    const names::Meanings& code = snapshot.location(frame).meanings;
    return code.has(Meaning::kDies) || code.has(Meaning::kPanics) || code.has(Meaning::kStopsForDump);
  });
}

}  // namespace

std::optional<model::Crash> find_crash_by_registers(Workbench& bench, std::uint32_t panic_cpu) {
  const model::Cpu* cpu = bench.snapshot.find_cpu(panic_cpu);
  if (cpu == nullptr || cpu->stack.frames.empty() || cpu->in_user_mode) return std::nullopt;
  const bool is_noted = cpu->register_source == model::RegisterSource::kCrashNote ||
                        cpu->register_source == model::RegisterSource::kPrstatus;
  if (!is_noted || tells_of_panic(bench.snapshot, *cpu)) return std::nullopt;
  const arch::Architecture& architecture = *bench.target.architecture;
  const auto pc = value_of(*cpu, architecture.register_names[architecture.program_counter]);
  const auto sp = value_of(*cpu, architecture.register_names[architecture.stack_pointer]);
  if (!pc || !sp) return std::nullopt;
  model::Crash crash;
  crash.cpu = panic_cpu;
  const model::Task* task = bench.snapshot.find_task(cpu->task);
  const bool is_beyond =
      task != nullptr && task->stack_base != 0 && *sp<task->stack_base + kLastBytes&& * sp + kGuard> task->stack_base;
  if (is_beyond) {
    crash.kind = CrashKind::kStackOverflow;
  } else if (const auto saved = saved_below(bench, *pc, *sp)) {
    crash.kind = kind_below(bench, *saved);
  } else {
    return std::nullopt;
  }
  crash.accused = who_called(bench.snapshot, *bench.snapshot.find_cpu(panic_cpu), crash.frame);
  return crash;
}

}  // namespace whyhung::collect
