// SPDX-License-Identifier: GPL-2.0-or-later
// FakeWorkqueues: workers, pools and workqueues of a FakeKernel, and tasks that flush them. Layouts are those of v6.1;
// change the types before the first object is made.
#pragma once

#include <map>

#include "support/fake_completions.h"

namespace whyhung::test {

class FakeWorkqueues {
 public:
  FakeWorkqueues(FakeKernel& kernel, FakeCompletions& completions);

  // A workqueue whose one pool_workqueue belongs to that pool; pools are numbered.
  struct Queue {
    std::uint64_t workqueue;
    std::uint64_t pool_workqueue;
  };
  Queue queue(std::string_view name, std::uint32_t pool = 0);
  static std::uint64_t pool_at(std::uint32_t pool);
  // A kernel thread that is a worker of the pool, idle; its struct worker.
  std::uint64_t add_worker(std::uint32_t pid, std::uint32_t pool = 0);
  static std::uint64_t worker_at(std::uint32_t pid);
  void execute(std::uint32_t pid, const Queue& queue, std::string_view function);

  // A work item in a list, behind those that are there: of a pool, or of what a queue holds back.
  std::uint64_t add_pending(std::uint32_t pool, std::string_view function);
  std::uint64_t add_inactive(const Queue& queue, std::string_view function);

  // The task waits in flush_work() for what the worker executes, or for the last work in such a list; the completion.
  std::uint64_t flush_running(std::uint32_t pid, std::uint32_t worker);
  std::uint64_t flush_pending(std::uint32_t pid, std::uint32_t pool);
  std::uint64_t flush_inactive(std::uint32_t pid, const Queue& queue);
  static std::uint64_t barrier_of(std::uint32_t pid) { return FakeKernel::stack_of(pid) + 0x3f40; }
  // The frames of a flush_work() from the waiting function outward.
  static std::vector<FakeFrame> flush_work_frames();

  // The task waits in flush_workqueue(): the first who does so, or one of the others.
  enum class Flusher : std::uint8_t { kFirst, kQueued, kOverflow };
  std::uint64_t flush_queue(std::uint32_t pid, const Queue& queue, Flusher place = Flusher::kFirst);
  static std::uint64_t flusher_of(std::uint32_t pid) { return FakeKernel::stack_of(pid) + 0x3f40; }

 private:
  std::uint64_t add_work(std::uint64_t list, std::string_view function);
  std::uint64_t wait_behind(std::uint32_t pid, std::uint64_t list);
  void append(std::uint64_t list, std::uint64_t node);
  void insert_barrier(std::uint64_t list, std::uint64_t node);

  FakeKernel& kernel_;
  FakeCompletions& completions_;
  std::map<std::uint64_t, std::vector<std::uint64_t>> lists_;  // nodes by head
  std::map<std::uint64_t, std::size_t> barriers_;              // behind the last work, by head
  std::uint64_t next_queue_, next_work_;
};

}  // namespace whyhung::test
