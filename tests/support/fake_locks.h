// SPDX-License-Identifier: GPL-2.0-or-later
// FakeLocks: mutexes, rw_semaphores and semaphores of a FakeKernel, with owners and with waiters that sleep for them:
//   locks.mutex("alpha_lock").held_by(100).waited_for_by({101, 102});
// Layouts are those of v6.1; take types or members away, or add others, before the first lock is made.
#pragma once

#include <deque>

#include "kernel/sleeping_lock.h"
#include "support/fake_kernel.h"

namespace whyhung::test {

class FakeLock {
 public:
  FakeLock(FakeKernel& kernel, kernel::LockKind kind, std::uint64_t address);

  std::uint64_t address() const { return address_; }
  // Where the waiter record of a task lies, linked or not.
  static std::uint64_t record_of(std::uint32_t pid) { return FakeKernel::stack_of(pid) + 0x3f00; }

  // The lock names the task as its holder, with these low bits. A writer's, for a rw_semaphore.
  FakeLock& held_by(std::uint32_t pid, std::uint64_t flags = 0);
  // A rw_semaphore: so many readers, of which `pid` took it last.
  FakeLock& read_by(std::uint32_t pid, std::uint64_t readers = 1);
  // The word that names the holder, as it stands.
  FakeLock& owner_word(std::uint64_t word);
  // The word that counts a rw_semaphore's or semaphore's holders.
  FakeLock& count(std::uint64_t value);
  // The tasks sleep for it, in this order behind those that do already. Tasks that do not exist are made.
  FakeLock& waited_for_by(std::initializer_list<std::uint32_t> pids);
  FakeLock& waited_for_reading_by(std::initializer_list<std::uint32_t> pids);
  // The task stands in the lock's code with a record that lies in no queue, as one that an earlier call left does.
  FakeLock& only_called_by(std::uint32_t pid);
  // The links of all waiters are made anew: a ring with the lock's head in it, or without one (v7.1).
  void link();

 private:
  void put_to_sleep(std::uint32_t pid, std::uint64_t type);

  FakeKernel& kernel_;
  kernel::LockKind kind_;
  std::uint64_t address_;
  std::vector<std::uint64_t> waiters_;
};

class FakeLocks {
 public:
  explicit FakeLocks(FakeKernel& kernel);

  // A lock with a symbol; "name [module]" for a module's, "" for a lock that has none.
  FakeLock& mutex(std::string_view name = "") { return make(kernel::LockKind::kMutex, name); }
  FakeLock& rw_semaphore(std::string_view name = "") { return make(kernel::LockKind::kRwSemaphore, name); }
  FakeLock& semaphore(std::string_view name = "") { return make(kernel::LockKind::kSemaphore, name); }

  // From v7.1 on the list of waiters has no head: the lock points to the first of them.
  void drop_heads();

 private:
  FakeLock& make(kernel::LockKind kind, std::string_view name);

  FakeKernel& kernel_;
  std::deque<FakeLock> locks_;
};

}  // namespace whyhung::test
