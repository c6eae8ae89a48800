// SPDX-License-Identifier: GPL-2.0-or-later
// Waits for completions, and who will complete them: a thread that must end, a work item that must be done, a grace
// period that must pass. What is not recognised stays a completion without a completer.
#include <algorithm>
#include <array>

#include "collect/waits/sleepers.h"
#include "collect/waits/waits.h"
#include "kernel/cpu_hotplug.h"
#include "kernel/rcu.h"

namespace whyhung::collect {
namespace {

using model::Certainty;
using model::EvidenceKind;
using model::HolderRole;
using model::ResourceKind;
using names::Meaning;

class CompletionReader {
 public:
  CompletionReader(WaitContext& context, const Sleeper& sleeper)
      : context_(context), bench_(context.bench), sleeper_(sleeper) {}

  void read() {
    const auto waited = context_.view<kernel::CompletionView>().waited_for(
        bench_.access.memory, VirtualAddress(sleeper_.task.address), sleeper_.stack,
        [&](VirtualAddress address) { return context_.is_task(address); });
    if (!waited || belongs_to_stop_request(waited->completion)) return;
    model::Resource& resource = bench_.resource_at(waited->completion.value, ResourceKind::kCompletion);
    if (resource.evidence.empty()) {
      resource.name = context_.object_name(waited->completion);
      const model::CompletionFacts facts{waited->done, waited->waiters, false};
      resource.facts = facts;
      resource.evidence.push_back(
          {EvidenceKind::kField, "completion.done", waited->completion.value, std::to_string(waited->done)});
      find_completer(resource, waited->completion);
      if (resource.kind == ResourceKind::kWorkItem) resource.facts = model::WorkFacts{facts, workqueue_};
      if (resource.kind == ResourceKind::kRcuGracePeriod) resource.facts = model::GracePeriodFacts{facts, sequence_};
      if (resource.kind == ResourceKind::kCompletion && resource.holders.empty() && ends_by_itself()) {
        model::facts_in<model::CompletionFacts>(resource).ends_by_itself = true;
      }
    }
    add_wait(*waited);
  }

 private:
  // Who asks stoppers to do something sleeps on a completion of its own stack until they have (cpu_stop_done): that
  // wait was found with the request.
  bool belongs_to_stop_request(VirtualAddress completion) const {
    const model::Task& task = sleeper_.task;
    const bool is_own = completion.value >= task.stack_base && completion.value - task.stack_base < task.stack_size;
    return is_own && context_.waits_for_stoppers(task.address);
  }

  // A timeout ends it, or hardware and user space do, which have no place in memory that says so.
  bool ends_by_itself() const {
    // The waiting function's own caller, or that one's: what a bio's driver waits for further in is its own affair.
    constexpr std::uint32_t kNearCallers = 2;
    std::uint32_t callers = 0;
    const auto& frames = sleeper_.task.stack.frames;
    for (std::uint32_t frame = sleeper_.frame; frame < frames.size() && callers < kNearCallers; ++frame) {
      const model::CodeLocation& location = bench_.snapshot.location(frames[frame]);
      if (location.meanings.has(Meaning::kEndsByItself)) return true;
      if (!location.meanings.has(Meaning::kWaitsForCompletion)) ++callers;
    }
    return false;
  }

  static void add_holder(model::Resource& resource, model::NodeId who, model::HolderRole role,
                         model::Evidence evidence) {
    model::Holder holder;
    holder.who = who;
    holder.role = role;
    holder.evidence.push_back(std::move(evidence));
    resource.holders.push_back(std::move(holder));
  }

  // The child whose vfork_done points to the completion on its parent's stack (kernel/fork.c).
  bool find_vfork_child(model::Resource& resource, VirtualAddress completion) {
    const model::Task& parent = sleeper_.task;
    const bool is_own =
        completion.value >= parent.stack_base && completion.value - parent.stack_base < parent.stack_size;
    if (!is_own || !bench_.tasks.vfork_done.exists()) return false;
    for (const model::Task& task : bench_.snapshot.tasks) {
      if (task.is_kernel_thread || task.parent_pid != parent.tgid) continue;
      const auto done = bench_.tasks.vfork_done.read_pointer(bench_.access.memory, VirtualAddress(task.address));
      if (!done || *done != completion) continue;
      add_holder(resource, model::task_node(task.address), HolderRole::kVforkChild,
                 {EvidenceKind::kField, "task_struct.vfork_done", task.address, fmt::format("{:#x}", done->value)});
      return true;
    }
    return false;
  }

  bool find_hotplug_thread(model::Resource& resource, VirtualAddress completion) {
    const auto& view = context_.view<kernel::CpuHotplugView>();
    for (const std::uint32_t cpu : bench_.percpu().possible()) {
      const auto thread = view.who_completes(bench_.access, bench_.percpu(), cpu, completion);
      if (!thread) continue;
      add_holder(resource, model::task_node(thread->value), HolderRole::kMustRun,
                 {EvidenceKind::kField,
                  fmt::format("cpuhp_state of CPU {}, whose thread is at work", cpu),
                  completion.value,
                  {}});
      return true;
    }
    return false;
  }

  // The first caller that is no completion's own code: the function that waits for a child may be part of its caller.
  bool waits_for_vfork() const {
    const auto& frames = sleeper_.task.stack.frames;
    for (std::uint32_t frame = sleeper_.frame; frame < frames.size(); ++frame) {
      const names::Meanings& code = bench_.snapshot.location(frames[frame]).meanings;
      if (code.has(Meaning::kWaitsForVfork)) return true;
      if (!code.has(Meaning::kWaitsForCompletion) && !code.has(Meaning::kCompletionCode)) return false;
    }
    return false;
  }

  void find_completer(model::Resource& resource, VirtualAddress completion) {
    if (waits_for_vfork()) {
      if (!find_vfork_child(resource, completion))
        model::facts_in<model::CompletionFacts>(resource).ends_by_itself = true;
      return;
    }
    if (const std::uint64_t thread = context_.thread_that_completes(completion)) {
      const bool parks = context_.called_through(sleeper_, Meaning::kParksThread);
      add_holder(resource, model::task_node(thread), parks ? HolderRole::kMustPark : HolderRole::kMustEnd,
                 {EvidenceKind::kField, parks ? "kthread.parked" : "kthread.exited", completion.value, {}});
      return;
    }
    if (context_.called_through(sleeper_, Meaning::kChangesCpu) && find_hotplug_thread(resource, completion)) return;
    if (context_.called_through(sleeper_, Meaning::kFlushesQueue)) {
      find_flushed_queue(resource, completion);
    } else if (context_.called_through(sleeper_, Meaning::kFlushesWork)) {
      find_work(resource, completion);
    } else if (waits_for_grace_period()) {
      find_grace_period(resource);
    } else if (context_.called_through(sleeper_, Meaning::kMakesThread)) {
      constexpr std::uint32_t kThreadDaemon = 2;  // kthreadd, which rest_init() starts second
      for (const model::Task& task : bench_.snapshot.tasks) {
        if (task.pid != kThreadDaemon || !task.is_kernel_thread) continue;
        add_holder(resource, model::task_node(task.address), HolderRole::kMustMakeThread,
                   {EvidenceKind::kField, "task_struct.pid", task.address, "2"});
      }
    }
  }

  // Of the kernel's general RCU: its other kinds wait through the same functions for grace periods of their own
  // (kernel/rcu/tasks.h).
  bool waits_for_grace_period() const {
    return context_.called_through(sleeper_, Meaning::kWaitsForGracePeriod) &&
           !context_.called_through(sleeper_, Meaning::kWaitsForTasksRcu);
  }

  std::string function_name(VirtualAddress function) { return bench_.function_name(function); }

  void find_work(model::Resource& resource, VirtualAddress completion) {
    const auto& workers = context_.workers();
    const auto barrier = context_.workqueues().find_barrier(bench_.access.memory, completion,
                                                            VirtualAddress(sleeper_.task.address), workers);
    if (!barrier) return;
    resource.kind = ResourceKind::kWorkItem;
    const std::string work = function_name(barrier->work_function);
    if (!work.empty()) resource.name = work;
    for (const kernel::Worker& worker : workers) {
      if (!worker.executes()) continue;
      using Place = kernel::QueuedBarrier::Place;
      std::optional<HolderRole> role;
      if (barrier->place == Place::kBehindRunning && worker.address == barrier->head) role = HolderRole::kExecutes;
      if (barrier->place == Place::kInactive && worker.pool_workqueue == barrier->head) {
        role = HolderRole::kOccupiesQueue;
      }
      if (barrier->place == Place::kInPool && worker.pool == barrier->head) role = HolderRole::kOccupiesPool;
      if (!role) continue;
      add_holder(
          resource, model::task_node(worker.task.value), *role,
          {EvidenceKind::kField, "worker.current_func", worker.address.value, function_name(worker.current_function)});
      if (barrier->place == Place::kInPool) resource.holders.back().certainty = Certainty::kPossible;
      if (workqueue_.empty()) workqueue_ = worker.workqueue_name;
    }
  }

  void find_flushed_queue(model::Resource& resource, VirtualAddress completion) {
    for (const kernel::Worker& worker : context_.workers()) {
      if (!worker.executes() || !context_.workqueues().flushes(bench_.access.memory, completion, worker)) continue;
      resource.kind = ResourceKind::kWorkItem;
      resource.name = function_name(worker.current_function);
      if (workqueue_.empty()) workqueue_ = worker.workqueue_name;
      add_holder(
          resource, model::task_node(worker.task.value), HolderRole::kExecutesQueue,
          {EvidenceKind::kField, "worker.current_func", worker.address.value, function_name(worker.current_function)});
    }
  }

  void find_grace_period(model::Resource& resource) {
    kernel::Binder binder(bench_.access.types);
    const auto period = kernel::read_grace_period(bench_.access, binder);
    if (!period || !period->active) return;
    resource.kind = ResourceKind::kRcuGracePeriod;
    sequence_ = period->sequence;
    // CONFIG_PREEMPT_RCU counts in the task how deep it is in read-side sections.
    const kernel::Field nesting = binder.optional("task_struct", {"rcu_read_lock_nesting"});
    for (const std::uint32_t cpu : period->cpus) {
      add_holder(resource, model::cpu_node(cpu), HolderRole::kOwesQuiescentState,
                 {EvidenceKind::kField, "rcu_node.qsmask", period->state.value, fmt::format("CPU {}", cpu)});
      const auto is_this = [&](const model::Cpu& one) { return one.number == cpu; };
      const auto found = std::ranges::find_if(bench_.snapshot.cpus, is_this);
      if (found == bench_.snapshot.cpus.end() || found->task == 0) continue;
      const auto depth = nesting.read_signed(bench_.access.memory, VirtualAddress(found->task));
      if (!depth || *depth <= 0) continue;
      resource.holders.back().role = HolderRole::kRunsReader;
      resource.holders.back().evidence.push_back(
          {EvidenceKind::kField, "task_struct.rcu_read_lock_nesting", found->task, std::to_string(*depth)});
    }
    for (const VirtualAddress task : period->tasks) {
      add_holder(resource, model::task_node(task.value), HolderRole::kWasPreemptedReading,
                 {EvidenceKind::kList, "rcu_node.blkd_tasks", period->state.value, {}});
    }
  }

  void add_wait(const kernel::WaitedCompletion& waited) {
    context_.add_wait(
        sleeper_, waited.completion, context_.sleeps_in(sleeper_, Meaning::kCompletionCode),
        {EvidenceKind::kList, "waiter on its stack, linked into the completion's queue", waited.record.value, {}});
  }

  WaitContext& context_;
  Workbench& bench_;
  const Sleeper& sleeper_;
  // What was found of the completer's side.
  std::string workqueue_;
  std::optional<std::uint64_t> sequence_;
};

void read_completion(WaitContext& context, const Sleeper& sleeper) {
  CompletionReader(context, sleeper).read();
}

}  // namespace

const WaitReader kCompletionReader = {"completion", Meaning::kWaitsForCompletion, read_completion};

}  // namespace whyhung::collect
