// SPDX-License-Identifier: GPL-2.0-or-later
// FakeCompletions: completions of a FakeKernel with those who wait for them, and kernel threads that complete one when
// they end or park. Layouts are those of v6.1; change the types before the first completion is made.
#pragma once

#include <deque>

#include "support/fake_kernel.h"

namespace whyhung::test {

class FakeCompletion {
 public:
  FakeCompletion(FakeKernel& kernel, std::uint64_t address);

  std::uint64_t address() const { return address_; }
  // Where the waiter record of a task lies.
  static std::uint64_t record_of(std::uint32_t pid) { return FakeKernel::stack_of(pid) + 0x3f00; }

  FakeCompletion& done(std::uint64_t count);
  // The task sleeps for it: `callers` are the frames from the kernel's waiting function outward.
  FakeCompletion& waited_for_by(std::uint32_t pid, std::vector<FakeFrame> callers);
  // The record that a wait which is over left at `record` on its stack: its links point to itself.
  void leave_record(std::uint32_t pid, std::uint64_t record);

 private:
  void write_record(std::uint32_t pid, std::uint64_t record);
  std::uint64_t links_of(std::uint64_t record);

  FakeKernel& kernel_;
  std::uint64_t address_;
  std::vector<std::uint64_t> waiters_;
};

class FakeCompletions {
 public:
  explicit FakeCompletions(FakeKernel& kernel);

  FakeCompletion& at(std::uint64_t address) { return all_.emplace_back(kernel_, address); }
  // One with a symbol; "" for none.
  FakeCompletion& make(std::string_view name = "");
  // Those of a kernel thread.
  FakeCompletion& exit_of(std::uint32_t pid) { return of_thread(pid, "exited"); }
  FakeCompletion& parking_of(std::uint32_t pid) { return of_thread(pid, "parked"); }

  // v4.13 to v5.6 ("wait_queue_entry"), and before ("__wait_queue"): queues of full entries.
  void use_full_queues(std::string_view type);

 private:
  FakeCompletion& of_thread(std::uint32_t pid, std::string_view member);

  FakeKernel& kernel_;
  std::deque<FakeCompletion> all_;
};

}  // namespace whyhung::test
