// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/fake_locks.h"

namespace whyhung::test {
namespace {

using kernel::LockKind;

constexpr std::uint64_t kLocks = 0xffffffff84000000;
constexpr std::uint64_t kLockSize = 0x40;
constexpr std::uint64_t kPoison = 0xdead000000000100;  // what list_del() leaves behind

constexpr std::string_view kTypes =
    "mutex 32: owner@0:8 wait_list@16:16\n"
    "mutex_waiter 40: list@0:16 task@16:8\n"
    "rw_semaphore 40: count@0:8 owner@8:8 wait_list@24:16\n"
    "rwsem_waiter 48: list@0:16 task@16:8 type@24:4 timeout@32:8\n"
    "semaphore 24: count@4:4 wait_list@8:16\n"
    "semaphore_waiter 32: list@0:16 task@16:8";

struct Words {
  std::string_view type;
  std::string_view record;
  std::string_view owner;
  std::vector<FakeFrame> sleeping;  // the lock's own code on a waiter's stack
};
Words words_of(LockKind kind) {
  switch (kind) {
    case LockKind::kRwSemaphore:
      return {"rw_semaphore",
              "rwsem_waiter",
              "owner",
              {"__schedule", "schedule", "rwsem_down_write_slowpath", "down_write", "wants_the_lock"}};
    case LockKind::kSemaphore:
      return {"semaphore",
              "semaphore_waiter",
              "last_holder",
              {"__schedule", "schedule", "schedule_timeout", "___down_common", "__down", "down", "wants_the_lock"}};
    default:
      return {"mutex",
              "mutex_waiter",
              "owner",
              {"__schedule", "schedule", "schedule_preempt_disabled", "__mutex_lock.constprop.0",
               "__mutex_lock_slowpath", "mutex_lock", "wants_the_lock"}};
  }
}

}  // namespace

FakeLock::FakeLock(FakeKernel& kernel, LockKind kind, std::uint64_t address)
    : kernel_(kernel), kind_(kind), address_(address) {
  kernel_.machine.memory.touch(address);
  link();
}

FakeLock& FakeLock::owner_word(std::uint64_t word) {
  kernel_.machine.set(words_of(kind_).type, address_, words_of(kind_).owner, word);
  return *this;
}

FakeLock& FakeLock::count(std::uint64_t value) {
  kernel_.machine.set(words_of(kind_).type, address_, "count", value);
  return *this;
}

FakeLock& FakeLock::held_by(std::uint32_t pid, std::uint64_t flags) {
  if (kind_ == LockKind::kRwSemaphore) count(1);
  return owner_word(kernel_.task(pid) | flags);
}

FakeLock& FakeLock::read_by(std::uint32_t pid, std::uint64_t readers) {
  return count(readers << 8).owner_word(kernel_.task(pid) | 1);
}

void FakeLock::put_to_sleep(std::uint32_t pid, std::uint64_t type) {
  const Words words = words_of(kind_);
  kernel_.sleep(pid, words.sleeping);
  const std::uint64_t record = record_of(pid);
  kernel_.machine.memory.write_u64(kernel_.machine.address_of(words.record, record, "list"), kPoison);
  kernel_.machine.memory.write_u64(kernel_.machine.address_of(words.record, record, "list") + 8, kPoison);
  kernel_.machine.set(words.record, record, "task", kernel_.task(pid));
  if (kind_ == LockKind::kRwSemaphore) kernel_.machine.set(words.record, record, "type", type);
}

FakeLock& FakeLock::waited_for_by(std::initializer_list<std::uint32_t> pids) {
  for (const std::uint32_t pid : pids) {
    put_to_sleep(pid, 0);
    waiters_.push_back(kernel_.machine.address_of(words_of(kind_).record, record_of(pid), "list"));
  }
  link();
  return *this;
}

FakeLock& FakeLock::waited_for_reading_by(std::initializer_list<std::uint32_t> pids) {
  waited_for_by(pids);
  for (const std::uint32_t pid : pids) {
    kernel_.machine.set("rwsem_waiter", record_of(pid), "type", 1);
    kernel_.sleep(pid, {"__schedule", "schedule", "rwsem_down_read_slowpath", "down_read", "wants_the_lock"});
  }
  return *this;
}

FakeLock& FakeLock::only_called_by(std::uint32_t pid) {
  put_to_sleep(pid, 0);
  return *this;
}

void FakeLock::link() {
  FakeMachine& machine = kernel_.machine;
  const Words words = words_of(kind_);
  if (machine.types.member(words.type, "wait_list")) {
    machine.link_list(machine.address_of(words.type, address_, "wait_list"), waiters_);
  } else if (!waiters_.empty()) {
    machine.link_list(waiters_.front(), {waiters_.begin() + 1, waiters_.end()});
    const std::uint64_t list = machine.address_of(words.record, 0, "list");
    machine.set(words.type, address_, "first_waiter", waiters_.front() - list);
  }
}

FakeLocks::FakeLocks(FakeKernel& kernel) : kernel_(kernel) {
  kernel_.machine.types.add(kTypes);
}

FakeLock& FakeLocks::make(LockKind kind, std::string_view name) {
  const std::uint64_t address = kLocks + kLockSize * locks_.size();
  if (!name.empty()) kernel_.name_variable(name, address, kLockSize);
  return locks_.emplace_back(kernel_, kind, address);
}

void FakeLocks::drop_heads() {
  for (const char* type : {"mutex", "rw_semaphore", "semaphore"}) kernel_.machine.types.remove(type, "wait_list");
  kernel_.machine.types.add("mutex 32: first_waiter@16:8\nrw_semaphore 40: first_waiter@24:8");
  kernel_.machine.types.add("semaphore 24: first_waiter@8:8");
}

}  // namespace whyhung::test
