// SPDX-License-Identifier: GPL-2.0-or-later
// Waits for rt_mutexes. A futex with priority inheritance has one too: then its owner is in user space. On a real-time
// kernel mutexes, spinlocks and locks for readers and writers are made of them: what they are is told by the function
// that was asked for the lock.
#include <algorithm>
#include <array>
#include <span>

#include "collect/waits/sleepers.h"
#include "kernel/rt_mutex.h"
#include "kernel/rwbase.h"

namespace whyhung::collect {
namespace {

using kernel::RwBaseKind;
using model::EvidenceKind;
using model::ResourceKind;
using names::Meaning;

// What the rt_mutex is part of.
struct Guise {
  ResourceKind kind = ResourceKind::kRtMutex;
  std::optional<RwBaseKind> rw;
};

bool is_lock_code(const model::CodeLocation& location) {
  return location.meanings.has(Meaning::kRtMutexCode) || location.meanings.has(Meaning::kSleepingLockCode);
}

// The outermost of the lock's own functions tells what was asked for.
Guise guise_of(const WaitContext& context, const Sleeper& sleeper) {
  Guise guise;
  const std::vector<model::StackFrame>& frames = sleeper.task.stack.frames;
  for (std::uint32_t frame = sleeper.frame; frame < frames.size(); ++frame) {
    const model::CodeLocation& location = context.bench.snapshot.location(frames[frame]);
    if (!is_lock_code(location)) break;
    const bool spins_elsewhere = location.meanings.has(Meaning::kSpinLockCode);
    if (location.meanings.has(Meaning::kWaitsForMutex)) {
      guise = {ResourceKind::kMutex, {}};
    } else if (location.meanings.has(Meaning::kWaitsForRwSemaphore)) {
      guise = spins_elsewhere ? Guise{ResourceKind::kSpinlock, RwBaseKind::kRwLock}
                              : Guise{ResourceKind::kRwSemaphore, RwBaseKind::kRwSemaphore};
    } else if (spins_elsewhere) {
      guise = {ResourceKind::kSpinlock, {}};
    }
  }
  return guise;
}

// Whose code wants it: the first function outward that is none of the lock's own.
model::WaitHow sleeps_outside_lock_code(const WaitContext& context, const Sleeper& sleeper) {
  model::WaitHow how;
  for (std::uint32_t frame = sleeper.frame; frame < sleeper.task.stack.frames.size(); ++frame) {
    const model::CodeLocation& location = context.bench.snapshot.location(sleeper.task.stack.frames[frame]);
    if (is_lock_code(location)) continue;
    how.function = location.function;
    how.module = location.module;
    break;
  }
  return how;
}

void describe_owner(model::Resource& resource, VirtualAddress rt_mutex, VirtualAddress owner, std::uint64_t raw) {
  const model::Evidence evidence{EvidenceKind::kField, "rt_mutex.owner", rt_mutex.value, fmt::format("{:#x}", raw)};
  resource.evidence.push_back(evidence);
  if (owner.is_null()) {
    model::facts_in<model::LockFacts>(resource).has_no_owner = true;
  } else {
    resource.holders.push_back(
        {model::task_node(owner.value), model::HolderRole::kOwner, model::Certainty::kCertain, {evidence}});
  }
}

// Where on a sleeping task's stack the word lies; pages that are missing are passed over.
std::optional<VirtualAddress> find_on_stack(const VirtualMemory& memory, VirtualRange stack, std::uint64_t word) {
  constexpr std::uint64_t kPage = 4096, kWord = sizeof(std::uint64_t);
  std::array<std::byte, kPage> bytes;
  for (VirtualAddress page = stack.begin; page < stack.end; page = (page + kPage).align_down(kPage)) {
    const std::uint64_t end = std::min((page + kPage).align_down(kPage).value, stack.end.value);
    const std::size_t length = (end - page.value) / kWord * kWord;
    if (!memory.read(page, std::span(bytes).first(length))) continue;
    for (std::size_t at = 0; at < length; at += kWord) {
      if (load<std::uint64_t>(bytes.data() + at, memory.byte_order()) == word) return page + at;
    }
  }
  return std::nullopt;
}

// The part of its stack that a task uses which sleeps uninterruptibly, and not for a lock that readers share; empty for
// any other.
VirtualRange stack_of_possible_reader(const model::Snapshot& snapshot, const model::Task& task) {
  if (task.state != model::TaskState::kUninterruptible || task.stack.frames.empty()) return {};
  const VirtualRange stack{VirtualAddress(task.stack.frames.front().sp),
                           VirtualAddress(task.stack_base + task.stack_size)};
  const bool waits_for_lock = std::ranges::any_of(task.stack.frames, [&](const model::StackFrame& frame) {
    return snapshot.location(frame).meanings.has(Meaning::kWaitsForRwSemaphore);
  });
  const bool is_sound = !stack.empty() && stack.size() <= task.stack_size && stack.begin.value % 8 == 0;
  return is_sound && !waits_for_lock ? stack : VirtualRange{};
}

// Readers are counted and not noted. Who sleeps uninterruptibly with the lock's address on his stack may be one.
void find_readers(WaitContext& context, VirtualAddress lock, std::uint32_t readers, model::Resource& resource) {
  constexpr std::size_t kMostHolders = 16;
  constexpr std::uint64_t kLook = 64;  // bytes that a look at a task counts as
  std::vector<model::Holder> found;
  for (const model::Task& task : context.bench.snapshot.tasks) {
    if (found.size() == kMostHolders || context.stack_search_left < kLook) break;
    const VirtualRange stack = stack_of_possible_reader(context.bench.snapshot, task);
    context.stack_search_left -= kLook;
    if (stack.empty()) continue;
    context.stack_search_left -= std::min(context.stack_search_left, stack.size());
    const auto at = find_on_stack(context.bench.access.memory, stack, lock.value);
    if (!at) continue;
    const model::Evidence evidence{EvidenceKind::kField, "the lock's address on its stack", at->value, {}};
    found.push_back(
        {model::task_node(task.address), model::HolderRole::kReader, model::Certainty::kPossible, {evidence}});
  }
  // As many as are counted: then it is they, or somebody has left no trace at all.
  if (found.size() == readers) {
    for (model::Holder& holder : found) holder.certainty = model::Certainty::kLikely;
  }
  for (model::Holder& holder : found) resource.holders.push_back(std::move(holder));
}

void describe_rw(WaitContext& context, RwBaseKind kind, VirtualAddress lock, model::Resource& resource) {
  const auto& view = context.view<kernel::RwBaseView>();
  const auto state = view.state(context.bench.access.memory, kind, lock);
  if (!state) return;
  auto& facts = model::facts_in<model::LockFacts>(resource);
  facts.readers = state->readers;
  facts.writer_holds = state->writer_holds;
  resource.evidence.push_back(
      {EvidenceKind::kField, "rwbase_rt.readers", lock.value, fmt::format("{:#x}", state->raw)});
  if (state->readers != 0) {
    find_readers(context, lock, state->readers, resource);
  } else if (state->writer_holds || !state->owner.is_null()) {
    describe_owner(resource, lock, state->owner, state->raw_owner);
  }
}

model::Resource& described(WaitContext& context, VirtualAddress lock, ResourceKind kind) {
  model::Resource& resource = context.bench.resource_at(lock.value, kind);
  if (resource.evidence.empty()) resource.name = context.object_name(lock);
  return resource;
}

// A writer that owns the rt_mutex and waits for the readers to leave is in no queue.
void read_rw_writer(WaitContext& context, const Sleeper& sleeper) {
  const VirtualMemory& memory = context.bench.access.memory;
  const auto& view = context.view<kernel::RwBaseView>();
  const VirtualAddress task(sleeper.task.address);
  for (const RwBaseKind kind : {RwBaseKind::kRwSemaphore, RwBaseKind::kRwLock}) {
    const auto lock = view.waited_by_writer(memory, kind, task, sleeper.stack);
    if (!lock) continue;
    model::Resource& resource =
        described(context, *lock, kind == RwBaseKind::kRwLock ? ResourceKind::kSpinlock : ResourceKind::kRwSemaphore);
    if (resource.evidence.empty()) describe_rw(context, kind, *lock, resource);
    const auto state = view.state(memory, kind, *lock);
    model::WaitHow how = sleeps_outside_lock_code(context, sleeper);
    how.mode = model::LockMode::kExclusive;
    context.add_wait(sleeper, *lock, std::move(how),
                     {EvidenceKind::kField, "rwbase_rt.rtmutex.owner, the waiting writer itself", lock->value,
                      fmt::format("{:#x}", state ? state->raw_owner : 0)});
    return;
  }
}

// Who asks for a lock that he has is refused a place in the queue, and sleeps for ever outside of it.
void read_own_lock(WaitContext& context, const Sleeper& sleeper) {
  constexpr std::uint64_t kSearched = 1024;
  const VirtualMemory& memory = context.bench.access.memory;
  const auto& rw_view = context.view<kernel::RwBaseView>();
  const Guise guise = guise_of(context, sleeper);
  if (context.called_through(sleeper, Meaning::kLocksPiFutex)) return;
  const VirtualAddress task(sleeper.task.address);
  const VirtualAddress end(std::min(sleeper.stack.end.value, sleeper.stack.begin.value + kSearched));
  for (VirtualAddress slot = sleeper.stack.begin; slot < end; slot += sizeof(std::uint64_t)) {
    const auto word = memory.read_pointer(slot);
    if (!word) return;
    if (word->is_null() || word->value % sizeof(std::uint64_t) != 0) continue;
    const auto owner = context.view<kernel::RtMutexView>().owner_of(memory, *word);
    if (!owner || owner->task != task) continue;
    const bool is_rw = guise.rw && rw_view.exists(*guise.rw);
    const VirtualAddress lock = is_rw ? rw_view.lock_of(*guise.rw, *word) : *word;
    model::Resource& resource = described(context, lock, guise.kind);
    if (resource.evidence.empty()) describe_owner(resource, *word, owner->task, owner->raw);
    context.add_wait(sleeper, lock, sleeps_outside_lock_code(context, sleeper),
                     {EvidenceKind::kField, "rt_mutex.owner, the waiting task itself", word->value,
                      fmt::format("{:#x}", owner->raw)});
    // No record of the task's own names the lock.
    context.bench.snapshot.waits.back().certainty = model::Certainty::kLikely;
    return;
  }
}

void read_rt_mutex(WaitContext& context, const Sleeper& sleeper) {
  Workbench& bench = context.bench;
  const auto waited =
      context.view<kernel::RtMutexView>().waited_for(bench.access.memory, VirtualAddress(sleeper.task.address));
  if (!waited) return read_own_lock(context, sleeper);
  const bool is_futex = context.called_through(sleeper, Meaning::kLocksPiFutex);
  const Guise guise = is_futex ? Guise{} : guise_of(context, sleeper);
  const auto& rw_view = context.view<kernel::RwBaseView>();
  const bool is_rw = guise.rw && rw_view.exists(*guise.rw);
  const VirtualAddress lock = is_rw ? rw_view.lock_of(*guise.rw, waited->lock) : waited->lock;
  model::Resource& resource = described(context, lock, guise.kind);
  if (resource.evidence.empty()) {
    if (is_futex) model::facts_in<model::LockFacts>(resource).is_futex = true;
    if (is_rw) {
      describe_rw(context, *guise.rw, lock, resource);
    } else {
      describe_owner(resource, waited->lock, waited->owner, waited->raw_owner);
    }
  }
  context.add_wait(sleeper, lock,
                   is_futex ? model::WaitKind::kSleepsAtFutexLock : sleeps_outside_lock_code(context, sleeper),
                   {EvidenceKind::kField, "task_struct.pi_blocked_on", sleeper.task.address,
                    fmt::format("{:#x}", waited->record.value)});
}

}  // namespace

void read_rw_base(WaitContext& context, const Sleeper& sleeper) {
  const auto waited =
      context.view<kernel::RtMutexView>().waited_for(context.bench.access.memory, VirtualAddress(sleeper.task.address));
  return waited ? read_rt_mutex(context, sleeper) : read_rw_writer(context, sleeper);
}

const WaitReader kRtMutexReader = {"rt_mutex", Meaning::kWaitsForRtMutex, read_rt_mutex};

}  // namespace whyhung::collect
