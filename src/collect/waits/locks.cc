// SPDX-License-Identifier: GPL-2.0-or-later
// Waits for locks that one sleeps for: mutex, rw_semaphore, semaphore. The waiter record on the task's stack and the
// lock's own queue must agree; the owner is what the lock says, with a mark where that is only a hint.
#include <algorithm>
#include <array>

#include "collect/waits/sleepers.h"
#include "kernel/rwbase.h"

namespace whyhung::collect {
namespace {

using kernel::LockKind;
using model::Certainty;
using model::Evidence;
using model::EvidenceKind;

struct Words {
  model::ResourceKind kind;
  std::string_view type;
  std::string_view record;
};

Words words_of(LockKind kind) {
  switch (kind) {
    case LockKind::kMutex: return {model::ResourceKind::kMutex, "mutex", "mutex_waiter"};
    case LockKind::kRwSemaphore: return {model::ResourceKind::kRwSemaphore, "rw_semaphore", "rwsem_waiter"};
    case LockKind::kSemaphore: return {model::ResourceKind::kSemaphore, "semaphore", "semaphore_waiter"};
  }
  return {model::ResourceKind::kMutex, "mutex", "mutex_waiter"};
}

class LockReader {
 public:
  LockReader(WaitContext& context, const Sleeper& sleeper, LockKind kind)
      : context_(context),
        bench_(context.bench),
        sleeper_(sleeper),
        view_(context.lock_view(kind)),
        words_(words_of(kind)) {}

  void read() {
    const VirtualAddress task(sleeper_.task.address);
    const auto record = view_.record_of(bench_.access, task, sleeper_.stack);
    if (!record) return;
    auto known = context_.lock_of_record.find(record->value);
    if (known == context_.lock_of_record.end()) {
      const auto queue = view_.queue_of(bench_.access, bench_.tasks, task, *record, sleeper_.stack);
      if (!queue) return;
      for (const VirtualAddress one : queue->records) context_.lock_of_record.emplace(one.value, queue->lock.value);
      known = context_.lock_of_record.find(record->value);
      describe(bench_.resource_at(queue->lock.value, words_.kind), queue->lock, queue->records.size());
    }
    add_wait(VirtualAddress(known->second), *record);
  }

 private:
  Evidence field(std::string_view member, VirtualAddress lock, std::uint64_t value) const {
    return {EvidenceKind::kField, fmt::format("{}.{}", words_.type, member), lock.value, fmt::format("{:#x}", value)};
  }

  void describe(model::Resource& resource, VirtualAddress lock, std::size_t waiters) {
    auto& facts = model::facts_in<model::LockFacts>(resource);
    facts.waiters = waiters;
    resource.name = context_.object_name(lock);
    if (const auto state = view_.rw_state(bench_.access, lock)) {
      facts.readers = state->readers;
      facts.writer_holds = state->writer_holds;
      resource.evidence.push_back(field("count", lock, static_cast<std::uint64_t>(state->count)));
    }
    if (const auto count = view_.semaphore_count(bench_.access, lock)) {
      facts.count = *count;
      resource.evidence.push_back(field("count", lock, static_cast<std::uint64_t>(*count)));
    }
    const auto owner = view_.owner(bench_.access, lock);
    if (!owner) return;
    const std::string_view member = view_.kind() == LockKind::kSemaphore ? "last_holder" : "owner";
    resource.evidence.push_back(field(member, lock, owner->raw));
    if (owner->task.is_null()) {
      facts.has_no_owner = true;
      return;
    }
    model::Holder holder;
    holder.who = model::task_node(owner->task.value);
    holder.role = owner->is_handed_over ? model::HolderRole::kHandedOver : model::HolderRole::kOwner;
    if (owner->is_hint) {
      // The last who took it. With one reader it is that one, unless an earlier reader outlasted it.
      const bool reads = view_.kind() == LockKind::kRwSemaphore;
      const auto state = view_.rw_state(bench_.access, lock);
      if (reads && (!state || state->readers == 0)) return;
      // A semaphore with slots to spare keeps nobody, whoever took one last.
      if (view_.semaphore_count(bench_.access, lock).value_or(0) > 0) return;
      holder.role = reads ? model::HolderRole::kReader : model::HolderRole::kLastHolder;
      holder.certainty = reads && state->readers > 1 ? Certainty::kPossible : Certainty::kLikely;
    }
    holder.evidence.push_back(field(member, lock, owner->raw));
    resource.holders.push_back(std::move(holder));
    if (!context_.is_task(owner->task)) describe_former(resource, owner->task);
  }

  // A task_struct stays as it was until its memory is used again: it may still tell whose it was.
  void describe_former(model::Resource& resource, VirtualAddress task) const {
    const auto exit_state = bench_.tasks.exit_state.read(bench_.access.memory, task);
    const auto flags = bench_.tasks.flags.read(bench_.access.memory, task);
    const auto pid = bench_.tasks.pid.read(bench_.access.memory, task);
    const auto comm = bench_.tasks.comm.read_text(bench_.access.memory, task);
    if (!exit_state || !flags || !pid || !comm || *exit_state == 0 || (*flags & kernel::kFlagExiting) == 0) return;
    auto& former = model::facts_in<model::LockFacts>(resource).former.emplace();
    former.pid = static_cast<std::uint32_t>(*pid);
    former.comm = *comm;
    if (const auto start = bench_.tasks.start_time_of(bench_.access.memory, task)) former.start_time = *start;
    resource.evidence.push_back(
        {EvidenceKind::kField, "task_struct.exit_state", task.value, fmt::format("{:#x}", *exit_state)});
  }

  void add_wait(VirtualAddress lock, VirtualAddress record) {
    const auto writes = view_.wants_to_write(bench_.access, record);
    model::WaitHow how = context_.sleeps_in(sleeper_, names::Meaning::kSleepingLockCode);
    if (writes) how.mode = *writes ? model::LockMode::kExclusive : model::LockMode::kShared;
    context_.add_wait(
        sleeper_, lock, std::move(how),
        {EvidenceKind::kList, fmt::format("{} on its stack, linked into the queue", words_.record), record.value, {}});
  }

  WaitContext& context_;
  Workbench& bench_;
  const Sleeper& sleeper_;
  const kernel::SleepingLockView& view_;
  Words words_;
};

// On a real-time kernel mutexes and rw_semaphores are made of rt_mutexes.
bool is_real_time(WaitContext& context) {
  return context.view<kernel::RwBaseView>().exists(kernel::RwBaseKind::kRwSemaphore);
}

void read_mutex(WaitContext& context, const Sleeper& sleeper) {
  if (is_real_time(context)) return kRtMutexReader.read(context, sleeper);
  LockReader(context, sleeper, LockKind::kMutex).read();
}
void read_rw_semaphore(WaitContext& context, const Sleeper& sleeper) {
  if (is_real_time(context)) return read_rw_base(context, sleeper);
  LockReader(context, sleeper, LockKind::kRwSemaphore).read();
}
void read_semaphore(WaitContext& context, const Sleeper& sleeper) {
  LockReader(context, sleeper, LockKind::kSemaphore).read();
}

}  // namespace

const WaitReader kMutexReader = {"mutex", names::Meaning::kWaitsForMutex, read_mutex};
const WaitReader kRwSemaphoreReader = {"rw_semaphore", names::Meaning::kWaitsForRwSemaphore, read_rw_semaphore};
const WaitReader kSemaphoreReader = {"semaphore", names::Meaning::kWaitsForSemaphore, read_semaphore};

}  // namespace whyhung::collect
