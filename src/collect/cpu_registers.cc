// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/cpu_registers.h"

#include <algorithm>

namespace whyhung::collect {
namespace {

constexpr std::size_t kCrashNoteBytes = 1024;  // CRASH_CORE_NOTE_BYTES is some 400; the rest is zero

// What the machine itself counts the possible CPUs by, in their order; empty where that is not known, or two have one.
std::vector<std::uint64_t> read_hardware_numbers(Workbench& bench) {
  const std::string_view variable = bench.target.architecture->hardware_numbers;
  const auto table = variable.empty() ? std::nullopt : bench.access.symbols.address_of(variable);
  if (!table) return {};
  std::vector<std::uint64_t> numbers;
  for (const std::uint32_t cpu : bench.percpu().possible()) {
    const auto number = bench.access.memory.read_u64(*table + std::uint64_t{cpu} * sizeof(std::uint64_t));
    if (!number || std::ranges::find(numbers, *number) != numbers.end()) return {};
    numbers.push_back(*number);
  }
  return numbers;
}

}  // namespace

CpuRegisterFinder::CpuRegisterFinder(Workbench& bench)
    : bench_(bench), notes_(target::registers_in_file(bench.target)), hardware_numbers_(read_hardware_numbers(bench)) {
  if (const auto symbol = bench.access.symbols.address_of("crash_notes")) {
    const auto base = bench.access.memory.read_pointer(*symbol);
    if (base) crash_notes_ = *base;
  }
}

// The kernel's own note is the one source that names the CPU: the file's notes leave out CPUs that did not answer.
std::optional<target::NotedRegisters> CpuRegisterFinder::from_crash_note(std::uint32_t cpu) const {
  if (crash_notes_.is_null()) return std::nullopt;
  std::vector<std::byte> bytes(kCrashNoteBytes);
  const VirtualAddress note = bench_.percpu().instance(crash_notes_, cpu);
  if (!bench_.access.memory.read(note, bytes)) return std::nullopt;
  return target::registers_in_note(bench_.target, bytes);
}

bool CpuRegisterFinder::is_surely_of(const target::NotedRegisters& note, std::uint32_t cpu, VirtualAddress task) const {
  const arch::Architecture& architecture = *bench_.target.architecture;
  if (const auto base = architecture.percpu_base_register) {
    return note.registers.get(*base) == bench_.percpu().offset(cpu);
  }
  const auto current = architecture.current_task_register;
  return current && !task.is_null() && note.registers.get(*current) == task.value;
}

// In user mode the register is the program's own.
bool CpuRegisterFinder::is_surely_of_another(const target::NotedRegisters& note, VirtualAddress task) const {
  const auto current = bench_.target.architecture->current_task_register;
  if (!current) return false;
  const auto value = note.registers.get(*current);
  return value && *value != task.value && bench_.target.architecture->is_kernel_address(VirtualAddress(*value));
}

// Where a CPU comes when they are counted as the machine counts them.
std::optional<std::size_t> CpuRegisterFinder::place_among_cpus(std::uint32_t cpu) const {
  const std::vector<std::uint32_t>& cpus = bench_.percpu().possible();
  const auto position = static_cast<std::size_t>(std::ranges::find(cpus, cpu) - cpus.begin());
  if (position >= cpus.size()) return std::nullopt;
  if (hardware_numbers_.empty()) return position;
  return static_cast<std::size_t>(
      std::ranges::count_if(hardware_numbers_, [&](std::uint64_t one) { return one < hardware_numbers_[position]; }));
}

std::optional<target::NotedRegisters> CpuRegisterFinder::from_file(std::uint32_t cpu, std::uint32_t current_pid,
                                                                   VirtualAddress task) const {
  for (const target::NotedRegisters& note : notes_) {
    if (is_surely_of(note, cpu, task)) return note;
  }
  // A hypervisor writes one note per CPU in order, and numbers them from 1.
  const auto place = place_among_cpus(cpu);
  const auto numbered = [&] {
    for (std::size_t i = 0; i < notes_.size(); ++i) {
      if (notes_[i].pid != i + 1 && notes_[i].pid != 0) return false;
    }
    return true;
  };
  const bool one_each = notes_.size() <= bench_.percpu().possible().size();
  if (place && *place < notes_.size() && one_each && numbered()) {
    const target::NotedRegisters& note = notes_[*place];
    if (is_surely_of_another(note, task)) return std::nullopt;
    return note;
  }
  // The kernel writes the pid of the task that ran; the idle tasks share theirs.
  const auto same_pid = [&](const target::NotedRegisters& note) { return note.pid == current_pid; };
  if (current_pid != 0 && std::ranges::count_if(notes_, same_pid) == 1) return *std::ranges::find_if(notes_, same_pid);
  return std::nullopt;
}

// The registers that the innermost interrupt found: older than the dump, but those of the interrupted code.
std::optional<arch::RegisterSet> CpuRegisterFinder::from_interrupt(std::uint32_t cpu) const {
  const auto at = bench_.interrupts.interrupted_registers(bench_.access, bench_.percpu(), cpu);
  const arch::Architecture& architecture = *bench_.target.architecture;
  if (!at || architecture.decode_pt_regs == nullptr) return std::nullopt;
  std::vector<std::byte> bytes(architecture.pt_regs_size);
  if (!bench_.access.memory.read(*at, bytes)) return std::nullopt;
  return architecture.decode_pt_regs(bytes);
}

// Between two interrupts nothing points to the registers that the last one saved, but they still lie on the stack.
std::optional<arch::RegisterSet> CpuRegisterFinder::from_stack(VirtualAddress task) const {
  if (!bench_.target.unwinder || task.is_null() || bench_.tasks.stack_size == 0) return std::nullopt;
  const auto stack = bench_.tasks.stack.read_pointer(bench_.access.memory, task);
  if (!stack || stack->is_null()) return std::nullopt;
  const auto found = bench_.target.unwinder->find_interruption({*stack, *stack + bench_.tasks.stack_size});
  if (!found) return std::nullopt;
  return found->registers;
}

CpuRegisters CpuRegisterFinder::find(std::uint32_t cpu, std::uint32_t current_pid, VirtualAddress task) const {
  if (const auto note = from_crash_note(cpu)) return {model::RegisterSource::kCrashNote, note->registers, {}};
  if (const auto note = from_file(cpu, current_pid, task))
    return {model::RegisterSource::kPrstatus, note->registers, {}};
  if (const auto registers = from_interrupt(cpu)) {
    return {model::RegisterSource::kReconstructed, *registers,
            "not saved for the dump; these are the registers that its last interrupt found"};
  }
  if (const auto registers = from_stack(task)) {
    return {model::RegisterSource::kReconstructed, *registers,
            "not saved for the dump; these are the registers that an earlier interrupt left on the task's stack"};
  }
  return {model::RegisterSource::kNone, {}, "not saved: the CPU did not answer when the dump was taken"};
}

}  // namespace whyhung::collect
