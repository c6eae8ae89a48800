// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/fake_workqueues.h"

namespace whyhung::test {
namespace {

constexpr std::uint64_t kWorkers = 0xffff888300000000, kPools = 0xffff888310000000, kQueues = 0xffff888320000000,
                        kWorks = 0xffff888330000000;
constexpr std::uint64_t kObjectSize = 0x400;

constexpr std::string_view kTypes =
    "worker 160: current_work@16:8 current_func@24:8 current_pwq@32:8 current_color@40:4 scheduled@48:16 "
    "task@64:8 pool@72:8\n"
    "work_struct 32: data@0:8 entry@8:16 func@24:8\n"
    "worker_pool 768: worklist@32:16\n"
    "pool_workqueue 256: pool@0:8 wq@8:8 inactive_works@96:16\n"
    "workqueue_struct 512: flush_color@64:4s first_flusher@80:8 flusher_queue@88:16 flusher_overflow@104:16 "
    "name@200:[24x1]\n"
    "wq_barrier 72: work@0:32 done@32:32 task@64:8\n"
    "wq_flusher 56: list@0:16 flush_color@16:4s done@24:32";

constexpr std::uint64_t kKernelThread = 0x00200000, kWorkqueueWorker = 0x20;

}  // namespace

FakeWorkqueues::FakeWorkqueues(FakeKernel& kernel, FakeCompletions& completions)
    : kernel_(kernel), completions_(completions), next_queue_(kQueues), next_work_(kWorks) {
  kernel_.machine.types.add(kTypes);
}

std::uint64_t FakeWorkqueues::pool_at(std::uint32_t pool) {
  return kPools + kObjectSize * pool;
}

std::uint64_t FakeWorkqueues::worker_at(std::uint32_t pid) {
  return kWorkers + kObjectSize * pid;
}

void FakeWorkqueues::append(std::uint64_t list, std::uint64_t node) {
  lists_[list].push_back(node);
  kernel_.machine.link_list(list, lists_[list]);
}

// insert_wq_barrier(): right behind the last work, before the barriers of those who asked earlier.
void FakeWorkqueues::insert_barrier(std::uint64_t list, std::uint64_t node) {
  const auto behind_last_work = static_cast<std::ptrdiff_t>(lists_[list].size() - barriers_[list]++);
  lists_[list].insert(lists_[list].begin() + behind_last_work, node);
  kernel_.machine.link_list(list, lists_[list]);
}

FakeWorkqueues::Queue FakeWorkqueues::queue(std::string_view name, std::uint32_t pool) {
  FakeMachine& machine = kernel_.machine;
  const Queue made{next_queue_, next_queue_ + kObjectSize};
  next_queue_ += 2 * kObjectSize;
  machine.set_text("workqueue_struct", made.workqueue, "name", name);
  for (const char* list : {"flusher_queue", "flusher_overflow"}) {
    machine.link_list(machine.address_of("workqueue_struct", made.workqueue, list), {});
  }
  machine.set("pool_workqueue", made.pool_workqueue, "wq", made.workqueue);
  machine.set("pool_workqueue", made.pool_workqueue, "pool", pool_at(pool));
  machine.link_list(made.pool_workqueue + 96, {});
  const std::uint64_t worklist = machine.address_of("worker_pool", pool_at(pool), "worklist");
  machine.link_list(worklist, lists_[worklist]);
  return made;
}

std::uint64_t FakeWorkqueues::add_worker(std::uint32_t pid, std::uint32_t pool) {
  const std::uint64_t worker = worker_at(pid);
  kernel_.add_kthread(pid, "kworker/" + std::to_string(pid), "worker_thread");
  kernel_.set_task(pid, "flags", kKernelThread | kWorkqueueWorker);
  kernel_.machine.set("kthread", FakeKernel::kthread_of(kernel_.task(pid)), "data", worker);
  kernel_.machine.set("worker", worker, "task", kernel_.task(pid));
  kernel_.machine.set("worker", worker, "pool", pool_at(pool));
  kernel_.machine.link_list(kernel_.machine.address_of("worker", worker, "scheduled"), {});
  return worker;
}

std::uint64_t FakeWorkqueues::add_work(std::uint64_t list, std::string_view function) {
  const std::uint64_t work = next_work_;
  next_work_ += 0x40;
  kernel_.machine.set("work_struct", work, "func", kernel_.function(function));
  if (list != 0) append(list, kernel_.machine.address_of("work_struct", work, "entry"));
  barriers_[list] = 0;
  return work;
}

void FakeWorkqueues::execute(std::uint32_t pid, const Queue& queue, std::string_view function) {
  const std::uint64_t worker = worker_at(pid);
  kernel_.machine.set("worker", worker, "current_work", add_work(0, function));
  kernel_.machine.set("worker", worker, "current_func", kernel_.function(function));
  kernel_.machine.set("worker", worker, "current_pwq", queue.pool_workqueue);
}

std::uint64_t FakeWorkqueues::add_pending(std::uint32_t pool, std::string_view function) {
  return add_work(kernel_.machine.address_of("worker_pool", pool_at(pool), "worklist"), function);
}

std::uint64_t FakeWorkqueues::add_inactive(const Queue& queue, std::string_view function) {
  return add_work(queue.pool_workqueue + 96, function);
}

std::vector<FakeFrame> FakeWorkqueues::flush_work_frames() {
  return {"wait_for_completion", "__flush_work.isra.0", "flush_work", "wants_it_done"};
}

std::uint64_t FakeWorkqueues::wait_behind(std::uint32_t pid, std::uint64_t list) {
  FakeMachine& machine = kernel_.machine;
  const std::uint64_t barrier = barrier_of(pid);
  const std::uint64_t work = machine.address_of("wq_barrier", barrier, "work");
  const std::uint64_t done = machine.address_of("wq_barrier", barrier, "done");
  completions_.at(done).waited_for_by(pid, flush_work_frames());
  machine.set("wq_barrier", barrier, "task", kernel_.task(pid));
  machine.set("work_struct", work, "func", kernel_.function("wq_barrier_func"));
  insert_barrier(list, machine.address_of("work_struct", work, "entry"));
  return done;
}

std::uint64_t FakeWorkqueues::flush_running(std::uint32_t pid, std::uint32_t worker) {
  return wait_behind(pid, kernel_.machine.address_of("worker", worker_at(worker), "scheduled"));
}

std::uint64_t FakeWorkqueues::flush_pending(std::uint32_t pid, std::uint32_t pool) {
  return wait_behind(pid, kernel_.machine.address_of("worker_pool", pool_at(pool), "worklist"));
}

std::uint64_t FakeWorkqueues::flush_inactive(std::uint32_t pid, const Queue& queue) {
  return wait_behind(pid, queue.pool_workqueue + 96);
}

std::uint64_t FakeWorkqueues::flush_queue(std::uint32_t pid, const Queue& queue, Flusher place) {
  FakeMachine& machine = kernel_.machine;
  const std::uint64_t flusher = flusher_of(pid);
  const std::uint64_t done = machine.address_of("wq_flusher", flusher, "done");
  completions_.at(done).waited_for_by(pid, {"wait_for_completion", "__flush_workqueue", "wants_them_done"});
  machine.link_list(flusher, {});
  if (place == Flusher::kFirst) {
    machine.set("workqueue_struct", queue.workqueue, "first_flusher", flusher);
  } else {
    const char* list = place == Flusher::kQueued ? "flusher_queue" : "flusher_overflow";
    append(machine.address_of("workqueue_struct", queue.workqueue, list), flusher);
  }
  return done;
}

}  // namespace whyhung::test
