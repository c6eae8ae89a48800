// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/waits/sleepers.h"

#include <algorithm>
#include <array>
#include <unordered_map>

namespace whyhung::collect {
namespace {

constexpr auto kReaders =
    std::to_array<const WaitReader*>({&kMutexReader, &kRwSemaphoreReader, &kSemaphoreReader, &kCompletionReader,
                                      &kRtMutexReader, &kFileLockReader, &kFutexReader, &kFuseReader, &kRpcReader,
                                      &kLookupReader, &kPageReader, &kBufferReader, &kFreezeReader, &kUserfaultReader});
// What the readers ask for, so that the types are searched once for all of them.
constexpr auto kTypes = std::to_array<std::string_view>(
    {"mutex",       "mutex_waiter", "rw_semaphore",     "rwsem_waiter",    "semaphore",      "semaphore_waiter",
     "completion",  "swait_queue",  "worker",           "work_struct",     "pool_workqueue", "workqueue_struct",
     "worker_pool", "wq_barrier",   "wq_flusher",       "rcu_state",       "rcu_node",       "rt_mutex",
     "file_lock",   "files_struct", "wait_queue_entry", "rt_mutex_waiter", "fdtable",        "wait_queue_head",
     "file",        "futex_q",      "rwlock_t",         "rt_mutex_base"});
constexpr std::uint32_t kMostFrames =
    12;  // frames from the innermost on among which the waiting function is looked for

const WaitReader* reader_for(const model::CodeLocation& location) {
  for (const WaitReader* reader : kReaders) {
    if (location.meanings.has(reader->meaning)) return reader;
  }
  return nullptr;
}

bool sleeps(const model::Task& task) {
  return task.state == model::TaskState::kInterruptible || task.state == model::TaskState::kUninterruptible ||
         task.state == model::TaskState::kIdle;
}

}  // namespace

void WaitContext::learn_names() {
  if (names_learnt_) return;
  names_learnt_ = true;
  bench.access.types.prepare(kTypes, {});
}

const kernel::SleepingLockView& WaitContext::lock_view(kernel::LockKind kind) {
  learn_names();
  auto& view = locks_[static_cast<std::size_t>(kind)];
  if (!view) {
    kernel::Binder binder(bench.access.types);
    view = kernel::SleepingLockView::bind(kind, binder);
  }
  return *view;
}

std::optional<kernel::WaitedQueue> WaitContext::waited_queue(const Sleeper& sleeper) {
  return view<kernel::WaitQueueView>().waited_in(bench.access.memory, VirtualAddress(sleeper.task.address),
                                                 sleeper.stack,
                                                 [&](VirtualAddress address) { return is_task(address); });
}

const std::string& WaitContext::module_at(const Sleeper& sleeper) const {
  return bench.snapshot.location(sleeper.task.stack.frames[sleeper.frame]).module;
}

OpenFileIndex& WaitContext::open_files() {
  if (!open_files_) open_files_.emplace(bench);
  return *open_files_;
}

void WaitContext::add_wait(const Sleeper& sleeper, VirtualAddress resource, model::WaitHow how,
                           model::Evidence record) {
  model::Wait wait;
  wait.waiter = model::task_node(sleeper.task.address);
  wait.on = model::resource_node(resource.value);
  wait.how = std::move(how);
  wait.since = sleeper.task.last_arrival;
  wait.evidence.push_back(
      {model::EvidenceKind::kFrame, function(sleeper, sleeper.frame), sleeper.task.stack.frames[sleeper.frame].sp, {}});
  wait.evidence.push_back(std::move(record));
  bench.snapshot.waits.push_back(std::move(wait));
}

const std::vector<kernel::Worker>& WaitContext::workers() {
  if (workers_) return *workers_;
  workers_.emplace();
  const kernel::WorkqueueView& view = workqueues();
  if (!view.usable()) return *workers_;
  for (const model::Task& task : bench.snapshot.tasks) {
    if (!task.is_kernel_thread || task.is_idle_task) continue;
    auto worker = view.worker_of(bench.access, bench.tasks, bench.kthreads, VirtualAddress(task.address));
    if (worker) workers_->push_back(*std::move(worker));
  }
  return *workers_;
}

std::uint64_t WaitContext::thread_that_completes(VirtualAddress completion) {
  if (!thread_completions_) {
    thread_completions_.emplace();
    for (const model::Task& task : bench.snapshot.tasks) {
      if (!task.is_kernel_thread || task.is_idle_task) continue;
      const auto kthread = kernel::kthread_of(bench.access, bench.tasks, bench.kthreads, VirtualAddress(task.address));
      if (!kthread) continue;
      for (const kernel::Field* field : {&bench.kthreads.exited, &bench.kthreads.parked}) {
        if (field->exists()) thread_completions_->emplace(field->in(*kthread).value, task.address);
      }
    }
  }
  const auto found = thread_completions_->find(completion.value);
  return found == thread_completions_->end() ? 0 : found->second;
}

bool WaitContext::is_task(VirtualAddress address) {
  if (!task_addresses_) {
    task_addresses_.emplace();
    for (const model::Task& task : bench.snapshot.tasks) task_addresses_->insert(task.address);
  }
  return task_addresses_->contains(address.value);
}

bool WaitContext::waits_for_stoppers(std::uint64_t task) {
  if (!waiters_for_stoppers_) {
    waiters_for_stoppers_.emplace();
    std::unordered_set<std::uint64_t> requests;
    for (const model::Resource& resource : bench.snapshot.resources) {
      const bool is_request =
          resource.kind == model::ResourceKind::kStopMachine || resource.kind == model::ResourceKind::kStopWork;
      if (is_request) requests.insert(resource.address);
    }
    for (const model::Wait& wait : bench.snapshot.waits) {
      const bool is_task = wait.waiter.kind == model::NodeKind::kTask;
      if (is_task && requests.contains(wait.on.id)) waiters_for_stoppers_->insert(wait.waiter.id);
    }
  }
  return waiters_for_stoppers_->contains(task);
}

const std::vector<WaitContext::KnownThread>& WaitContext::threads_with_id(std::uint32_t number) {
  if (!threads_) {
    threads_.emplace();
    const auto& ids = view<kernel::ThreadIdView>();
    for (const model::Task& task : bench.snapshot.tasks) {
      const bool has_exited = task.state == model::TaskState::kZombie || task.state == model::TaskState::kDead;
      if (task.is_kernel_thread || task.is_idle_task || has_exited) continue;
      const auto id = ids.of(bench.access.memory, VirtualAddress(task.address));
      if (id) (*threads_)[id->number].push_back({*id, &task});
    }
  }
  static const std::vector<KnownThread> kNone;
  const auto found = threads_->find(number);
  return found == threads_->end() ? kNone : found->second;
}

bool WaitContext::called_through(const Sleeper& sleeper, names::Meaning meaning) const {
  for (std::uint32_t frame = sleeper.frame; frame < sleeper.task.stack.frames.size(); ++frame) {
    if (bench.snapshot.location(sleeper.task.stack.frames[frame]).meanings.has(meaning)) return true;
  }
  return false;
}

model::WaitHow WaitContext::sleeps_in(const Sleeper& sleeper, names::Meaning passed) const {
  model::WaitHow how = model::WaitKind::kSleeps;
  for (std::uint32_t frame = sleeper.frame; frame < sleeper.task.stack.frames.size(); ++frame) {
    const model::CodeLocation& location = bench.snapshot.location(sleeper.task.stack.frames[frame]);
    if (location.meanings.has(passed)) continue;
    how.function = location.function;
    how.module = location.module;
    break;
  }
  return how;
}

const std::string& WaitContext::function(const Sleeper& sleeper, std::uint32_t frame) const {
  static const std::string kNone;
  if (frame >= sleeper.task.stack.frames.size()) return kNone;
  return bench.snapshot.location(sleeper.task.stack.frames[frame]).function;
}

std::string WaitContext::object_name(VirtualAddress object) {
  const auto symbol = bench.access.symbols.find_covering(object);
  if (!symbol) return {};
  return bench.function_name(object);
}

void collect_sleepers(Workbench& bench) {
  WaitContext context(bench);
  // Twenty thousand tasks stand at some fifty places: each place is looked up once.
  std::unordered_map<std::uint32_t, const WaitReader*> known;
  for (const model::Task& task : bench.snapshot.tasks) {
    if (!sleeps(task) || task.stack.frames.empty() || task.stack_size == 0) continue;
    const auto count = static_cast<std::uint32_t>(std::min<std::size_t>(task.stack.frames.size(), kMostFrames));
    for (std::uint32_t frame = 0; frame < count; ++frame) {
      const std::uint32_t location = task.stack.frames[frame].location;
      const auto [entry, is_new] = known.try_emplace(location, nullptr);
      if (is_new) entry->second = reader_for(bench.snapshot.locations[location]);
      if (entry->second == nullptr) continue;
      const VirtualRange stack{VirtualAddress(task.stack.frames.front().sp),
                               VirtualAddress(task.stack_base + task.stack_size)};
      if (!stack.empty()) entry->second->read(context, {task, frame, stack});
      break;
    }
  }
}

}  // namespace whyhung::collect
