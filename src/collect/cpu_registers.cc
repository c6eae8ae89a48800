// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/cpu_registers.h"

#include <algorithm>

namespace whyhung::collect {
namespace {

constexpr std::size_t kCrashNoteBytes = 1024;  // CRASH_CORE_NOTE_BYTES is some 400; the rest is zero

}  // namespace

CpuRegisterFinder::CpuRegisterFinder(Workbench& bench)
    : bench_(bench), notes_(target::registers_in_file(bench.target)) {
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

std::optional<target::NotedRegisters> CpuRegisterFinder::from_file(std::uint32_t cpu, std::uint32_t current_pid) const {
  // A note that holds this CPU's per-CPU base belongs to it beyond doubt.
  const auto base = bench_.target.architecture->percpu_base_register;
  for (const target::NotedRegisters& note : notes_) {
    if (base && note.registers.get(*base) == bench_.percpu().offset(cpu)) return note;
  }
  // A hypervisor writes one note per CPU in order, and numbers them from 1.
  const std::vector<std::uint32_t>& cpus = bench_.percpu().possible();
  const auto position = static_cast<std::size_t>(std::ranges::find(cpus, cpu) - cpus.begin());
  const auto numbered = [&] {
    for (std::size_t i = 0; i < notes_.size(); ++i) {
      if (notes_[i].pid != i + 1 && notes_[i].pid != 0) return false;
    }
    return true;
  };
  if (position < notes_.size() && notes_.size() <= cpus.size() && numbered()) return notes_[position];
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
  if (const auto note = from_file(cpu, current_pid)) return {model::RegisterSource::kPrstatus, note->registers, {}};
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
