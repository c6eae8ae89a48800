// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/waits/spinlocks.h"

#include <map>

#include "collect/waits/waits.h"
#include "kernel/spinlock.h"

namespace whyhung::collect {
namespace {

using model::EvidenceKind;

// Where the lock may lie. Its address was the slow path's first argument and is kept in some register all the while;
// what else looks like a lock that is taken may be one by chance.
struct Candidates {
  std::uint64_t best = 0;  // that most registers hold, the lowest of several; 0: there is none
  unsigned registers = 0;  // so many hold it
  std::size_t others = 0;  // values that as many hold
};

Candidates find_lock(const Workbench& bench, const kernel::SpinlockView& view, const arch::RegisterSet& registers) {
  const arch::Architecture& architecture = *bench.target.architecture;
  std::map<std::uint64_t, unsigned> votes;
  for (std::size_t reg = 0; reg < architecture.register_names.size(); ++reg) {
    const auto value = registers.get(reg);
    if (!value || *value % 4 != 0 || reg == architecture.stack_pointer || reg == architecture.program_counter) continue;
    if (!architecture.is_kernel_address(VirtualAddress(*value))) continue;
    const auto word = bench.access.memory.read_u32(VirtualAddress(*value));
    if (word && view.looks_taken(*word, bench.percpu().possible().size())) ++votes[*value];
  }
  Candidates found;
  for (const auto& [address, count] : votes) {
    if (count > found.registers) {
      found = {address, count, 0};
    } else if (count == found.registers) {
      ++found.others;
    }
  }
  return found;
}

void describe(Workbench& bench, const kernel::SpinlockView& view, VirtualAddress lock, model::Resource& resource) {
  if (bench.access.symbols.find_covering(lock)) resource.name = bench.function_name(lock);
  const std::uint32_t word = bench.access.memory.read_u32(lock).value_or(0);
  const model::Evidence evidence{EvidenceKind::kField, "spinlock's word", lock.value, fmt::format("{:#x}", word)};
  resource.evidence.push_back(evidence);
  const auto holder = view.holder(word, bench.percpu().possible().size());
  if (!holder) return;
  resource.holders.push_back(
      {model::cpu_node(*holder), model::HolderRole::kSpins, model::Certainty::kCertain, {evidence}});
}

}  // namespace

void collect_spinlock_wait(Workbench& bench, const model::Cpu& cpu, const std::optional<arch::RegisterSet>& registers) {
  if (!registers || !cpu.activity || cpu.busy_wait != model::BusyWait::kSpinlock) return;
  kernel::Binder binder(bench.access.types);
  const kernel::SpinlockView view = kernel::SpinlockView::bind(binder);
  const Candidates found = find_lock(bench, view, *registers);
  if (found.best == 0) return;
  const VirtualAddress lock(found.best);
  model::Resource& resource = bench.resource_at(lock.value, model::ResourceKind::kSpinlock);
  if (resource.evidence.empty()) describe(bench, view, lock, resource);
  model::WaitHow how = model::WaitKind::kSpins;
  for (std::uint32_t frame = cpu.contexts[*cpu.activity].first_frame; frame < cpu.stack.frames.size(); ++frame) {
    const model::CodeLocation& location = bench.snapshot.location(cpu.stack.frames[frame]);
    if (location.meanings.has(names::Meaning::kSpinsForLock) || location.meanings.has(names::Meaning::kSpinLockCode)) {
      continue;
    }
    how.function = location.function;
    how.module = location.module;
    break;
  }
  model::Wait& wait = add_spin(bench, cpu, lock, std::move(how));
  // That a register's value is the lock's address is a guess.
  wait.certainty = found.others == 0 ? model::Certainty::kLikely : model::Certainty::kPossible;
  wait.evidence.push_back(
      {EvidenceKind::kRegister, "registers that hold the lock's address", lock.value, std::to_string(found.registers)});
  if (found.others != 0) {
    wait.evidence.push_back({EvidenceKind::kInference,
                             "other values in as many registers that look like a taken lock",
                             {},
                             std::to_string(found.others)});
  }
}

}  // namespace whyhung::collect
