// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/waits/spinlock_holders.h"

#include <algorithm>
#include <map>
#include <set>

#include "collect/waits/taken_locks.h"
#include "names/functions.h"
#include "names/lock_release.h"

namespace whyhung::collect {
namespace {

using model::ResourceKind;
using names::Meaning;

constexpr std::size_t kMostLocks = 64;
constexpr std::size_t kMostCpus = 512;
constexpr std::size_t kMostFrames = 48;
constexpr std::uint64_t kMostStack = 16 * 1024;  // bytes
constexpr std::uint64_t kMostCode = 16 * 1024;   // of one function

bool is_lock_code(const model::CodeLocation& location) {
  return location.meanings.has(Meaning::kSpinsForLock) || location.meanings.has(Meaning::kSpinLockCode);
}

class HolderFinder {
 public:
  HolderFinder(Workbench& bench, LockCode code) : bench_(bench), code_(std::move(code)) {
    code_.call = [this](VirtualAddress target) { return kind_of(target); };
  }

  void look_at(const model::Cpu& cpu, const std::set<std::uint64_t>& locks) {
    if (!can_hold(cpu)) return;
    const std::uint32_t first = cpu.contexts[*cpu.activity].first_frame;
    const std::size_t end = std::min(cpu.stack.frames.size(), first + kMostFrames);
    for (std::size_t i = first; i < end; ++i) {
      const model::CodeLocation& location = bench_.snapshot.location(cpu.stack.frames[i]);
      if (is_lock_code(location) || location.function.empty()) continue;
      for (const TakenLock& taken : taken_at(cpu.stack.frames[i])) {
        if (taken.lock) {
          if (locks.contains(taken.lock->value)) add(cpu, *taken.lock, location, taken);
        } else {
          match_words(cpu, i, taken, locks);
        }
      }
    }
  }

 private:
  LockCall kind_of(VirtualAddress target) {
    const auto [entry, is_new] = kinds_.try_emplace(target.value, LockCall::kNone);
    if (!is_new) return entry->second;
    const auto symbol = bench_.access.symbols.find_covering(target);
    if (!symbol || symbol->offset != 0 || !symbol->symbol.module.empty()) return LockCall::kNone;
    const std::string& name = symbol->symbol.name;
    if (names::releases_spinlock(name)) return entry->second = LockCall::kGivesBack;
    const bool takes = names::means(name, Meaning::kSpinsForLock) || names::means(name, Meaning::kSpinLockCode);
    return entry->second = takes ? LockCall::kTakes : LockCall::kNone;
  }

  const FlowGraph* graph_of(const debuginfo::Symbol& function) {
    if (function.size == 0 || function.size > kMostCode) return nullptr;
    const auto [entry, is_new] = graphs_.try_emplace(function.address.value);
    if (is_new)
      entry->second = decode_function(*bench_.disassembler, bench_.access.memory, function.address, function.size);
    return entry->second.truncated ? nullptr : &entry->second;
  }

  std::vector<TakenLock> taken_at(const model::StackFrame& frame) {
    const std::uint64_t address = bench_.snapshot.location(frame).address;
    const bool exact = model::is_exact(frame.origin);
    const auto symbol = bench_.access.symbols.find_covering(VirtualAddress(exact ? address : address - 1));
    const FlowGraph* graph = symbol ? graph_of(symbol->symbol) : nullptr;
    if (graph == nullptr) return {};
    const auto stands = [&](const arch::Instruction& one) {
      return exact ? one.address.value == address : one.end().value == address;
    };
    const auto found = std::ranges::find_if(graph->instructions, stands);
    return taken_on_the_way(*graph, static_cast<std::uint32_t>(found - graph->instructions.begin()), code_);
  }

  // A lock in something that the function was given: its address, or that of what it lies in, is still in a register
  // of the CPU or on the stack below the function's own frame and in it.
  void match_words(const model::Cpu& cpu, std::size_t frame, const TakenLock& taken,
                   const std::set<std::uint64_t>& locks) {
    const auto& frames = cpu.stack.frames;
    const std::uint32_t innermost = cpu.contexts[*cpu.activity].first_frame;
    // An interrupt saves the registers below what it interrupted.
    const std::uint64_t begin = frames[innermost].sp - (innermost == 0 ? 0 : bench_.target.architecture->pt_regs_size);
    const std::uint64_t own = frames[frame].sp;
    const std::uint64_t end = frame + 1 < frames.size() ? frames[frame + 1].sp : own;
    std::set<std::uint64_t> words;
    if (innermost == 0) {
      for (const model::RegisterValue& reg : cpu.registers) words.insert(reg.value);
    }
    if (begin < end && end - begin <= kMostStack) {
      for (std::uint64_t at = begin; at < end; at += 8) {
        if (const auto word = bench_.access.memory.read_u64(VirtualAddress(at))) words.insert(*word);
      }
    }
    for (const std::uint64_t lock : locks) {
      // What it waits for itself is on its stack all the while.
      if (waits_for(cpu, lock) || !words.contains(lock - static_cast<std::uint64_t>(taken.displacement))) continue;
      add(cpu, VirtualAddress(lock), bench_.snapshot.location(frames[frame]), taken);
    }
  }

  // Whoever is known to hold nothing besides what he waits for holds none of them.
  bool can_hold(const model::Cpu& cpu) const {
    if (!cpu.activity_preempt_depth) return true;
    const bool spins = cpu.busy_wait == model::BusyWait::kSpinlock;
    return *cpu.activity_preempt_depth > (spins ? 1u : 0u);
  }

  bool waits_for(const model::Cpu& cpu, std::uint64_t lock) const {
    return std::ranges::any_of(bench_.snapshot.waits, [&](const model::Wait& wait) {
      return wait.waiter == model::cpu_node(cpu.number) && wait.on == model::resource_node(lock);
    });
  }

  void add(const model::Cpu& cpu, VirtualAddress lock, const model::CodeLocation& place, const TakenLock& taken) {
    model::Resource& resource = bench_.resource_at(lock.value, ResourceKind::kSpinlock);
    const model::NodeId who = model::cpu_node(cpu.number);
    if (std::ranges::find(resource.holders, who, &model::Holder::who) != resource.holders.end()) return;
    const std::string how = taken.lock ? "takes it here, and has not given it back on the way to its next call"
                                       : "takes here what lies at an address that is still on the CPU's stack";
    resource.holders.push_back({who,
                                model::HolderRole::kSpins,
                                model::Certainty::kLikely,
                                {{model::EvidenceKind::kCode, code_name(place), taken.call.value, how}}});
  }

  Workbench& bench_;
  LockCode code_;
  std::map<std::uint64_t, LockCall> kinds_;    // by the function's address
  std::map<std::uint64_t, FlowGraph> graphs_;  // likewise
};

}  // namespace

void collect_spinlock_holders(Workbench& bench) {
  std::set<std::uint64_t> locks;
  for (const model::Wait& wait : bench.snapshot.waits) {
    if (wait.how.kind != model::WaitKind::kSpins || wait.on.kind != model::NodeKind::kResource) continue;
    const auto resource = std::ranges::find(bench.snapshot.resources, wait.on.id, &model::Resource::address);
    // One that names its holder needs no other witness.
    const bool asks = resource != bench.snapshot.resources.end() && resource->kind == ResourceKind::kSpinlock &&
                      resource->holders.empty();
    if (asks && locks.size() < kMostLocks) locks.insert(wait.on.id);
  }
  auto code = lock_code(*bench.target.architecture);
  if (locks.empty() || !code || !bench.disassembler) return;
  HolderFinder finder(bench, std::move(*code));
  std::size_t looked_at = 0;
  for (const model::Cpu& cpu : bench.snapshot.cpus) {
    if (!cpu.activity || cpu.in_user_mode || looked_at++ == kMostCpus) continue;
    finder.look_at(cpu, locks);
  }
}

}  // namespace whyhung::collect
