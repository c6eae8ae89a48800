// SPDX-License-Identifier: GPL-2.0-or-later
// What sleeping tasks wait for: the innermost function on a stack that is known to wait tells which reader to ask, and
// the reader finds the object that the task and the kernel's lists agree on. One reader per kind, one table
// (sleepers.cc).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <typeindex>
#include <unordered_map>
#include <unordered_set>

#include "collect/module_types.h"
#include "collect/open_file_index.h"
#include "collect/workbench.h"
#include "kernel/completion.h"
#include "kernel/futex.h"
#include "kernel/sleeping_lock.h"
#include "kernel/wait_queue.h"
#include "kernel/workqueue.h"

namespace whyhung::collect {

// A task that sleeps inside of a function that a reader knows.
struct Sleeper {
  const model::Task& task;
  std::uint32_t frame = 0;  // index of that function's frame
  VirtualRange stack;       // from the innermost frame to the end of the stack
};

// The workbench, with what several readers want, made when the first of them asks.
class WaitContext {
 public:
  explicit WaitContext(Workbench& workbench) : bench(workbench), module_types(workbench) {}
  Workbench& bench;
  ModuleTypes module_types;

  const kernel::SleepingLockView& lock_view(kernel::LockKind kind);
  // A view of the kernel's structures, bound once.
  template <typename View>
  const View& view() {
    return remembered<View>({}, [&] {
      kernel::Binder binder(bench.access.types);
      return View::bind(binder);
    });
  }
  // A view of structures that the module `name` has types for; an empty name is the kernel itself.
  template <typename View>
  const View& view_of(const std::string& name) {
    return remembered<View>(name, [&] { return View::bind(module_types.of(name)); });
  }
  // The module of a sleeper's waiting function; empty: the kernel itself.
  const std::string& module_at(const Sleeper& sleeper) const;
  const kernel::WorkqueueView& workqueues() { return view<kernel::WorkqueueView>(); }
  const std::vector<kernel::Worker>& workers();
  // The kernel thread whose struct kthread holds the completion that its end, or its being parked, completes; 0: none.
  std::uint64_t thread_that_completes(VirtualAddress completion);
  bool is_task(VirtualAddress address);
  // Whether the task's wait for stoppers to do something is known.
  bool waits_for_stoppers(std::uint64_t task);
  // Tasks of user space that have not exited, by the ids that user space knows them by.
  struct KnownThread {
    kernel::ThreadIdView::Id id;
    const model::Task* task = nullptr;
  };
  const std::vector<KnownThread>& threads_with_id(std::uint32_t number);
  // The wait queue that a sleeper is in, by the entry on its stack.
  std::optional<kernel::WaitedQueue> waited_queue(const Sleeper& sleeper);
  OpenFileIndex& open_files();

  // Adds the wait of a sleeper: how it waits, and the record of its own that led to the resource.
  void add_wait(const Sleeper& sleeper, VirtualAddress resource, model::WaitHow how, model::Evidence record);

  // The function of a frame; empty beyond the outermost.
  const std::string& function(const Sleeper& sleeper, std::uint32_t frame) const;
  // Whether one of the frames outward from the waiting one has that meaning.
  bool called_through(const Sleeper& sleeper, names::Meaning meaning) const;
  // That the task sleeps until it has the resource, in whose code: the first frame outward that is not `passed`.
  model::WaitHow sleeps_in(const Sleeper& sleeper, names::Meaning passed) const;
  // A symbol for an object's address: "alpha_lock [module]"; empty when there is none.
  std::string object_name(VirtualAddress object);

  // Locks by the waiter records in their queues, so that each queue is walked once.
  std::unordered_map<std::uint64_t, std::uint64_t> lock_of_record;
  // Futexes by their keys: the address under which the resource is known.
  std::map<kernel::FutexKey, std::uint64_t> futexes;
  // How many bytes of other tasks' stacks may still be searched for a lock's address, for all locks together.
  std::uint64_t stack_search_left = 256u << 20;

 private:
  void learn_names();
  template <typename View, typename Bind>
  const View& remembered(const std::string& module, const Bind& bind) {
    learn_names();
    std::shared_ptr<void>& slot = views_[{typeid(View), module}];
    if (!slot) slot = std::make_shared<View>(bind());
    return *static_cast<const View*>(slot.get());
  }

  bool names_learnt_ = false;
  std::optional<kernel::SleepingLockView> locks_[3];
  std::optional<OpenFileIndex> open_files_;
  std::map<std::pair<std::type_index, std::string>, std::shared_ptr<void>> views_;
  std::optional<std::vector<kernel::Worker>> workers_;
  std::optional<std::unordered_map<std::uint64_t, std::uint64_t>> thread_completions_;
  std::optional<std::unordered_set<std::uint64_t>> task_addresses_;
  std::optional<std::unordered_set<std::uint64_t>> waiters_for_stoppers_;
  std::optional<std::unordered_map<std::uint32_t, std::vector<KnownThread>>> threads_;
};

struct WaitReader {
  std::string_view name;
  names::Meaning meaning;  // of the functions that it knows
  void (*read)(WaitContext& context, const Sleeper& sleeper);
};

void collect_sleepers(Workbench& bench);

// A wait for a lock of a real-time kernel that readers share.
void read_rw_base(WaitContext& context, const Sleeper& sleeper);

extern const WaitReader kMutexReader, kRwSemaphoreReader, kSemaphoreReader, kCompletionReader, kRtMutexReader,
    kFileLockReader, kFutexReader, kFuseReader, kRpcReader, kLookupReader, kPageReader, kBufferReader, kFreezeReader,
    kUserfaultReader;

}  // namespace whyhung::collect
