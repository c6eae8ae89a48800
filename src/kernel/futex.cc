// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/futex.h"

#include <array>

#include "names/functions.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kMostLevels = 32;  // MAX_PID_NS_LEVEL

}  // namespace

FutexView FutexView::bind(Binder& binder) {
  FutexView v;
  v.record_ = {binder.optional("futex_q", {"task"}), binder.optional("futex_q", {"list.node_list"})};
  v.lock_ = binder.optional("futex_q", {"lock_ptr"});
  v.key_object_ = binder.optional("futex_q", {"key.both.ptr"});
  v.key_word_ = binder.optional("futex_q", {"key.both.word"});
  v.key_offset_ = binder.optional("futex_q", {"key.both.offset"});
  v.sleeper_task_ = binder.optional("hrtimer_sleeper", {"task"});
  // Since about v7.1 is_queued instead of state, whose bit 0 meant the same.
  v.sleeper_queued_ = binder.optional("hrtimer_sleeper", {"timer.is_queued", "timer.state"});
  v.sleeper_function_ = binder.optional("hrtimer_sleeper", {"timer.function"});
  return v;
}

std::optional<WaitedFutex> FutexView::waited_for(const VirtualMemory& memory, VirtualAddress task,
                                                 VirtualRange stack) const {
  // Linked, with the lock of its hash bucket: a record that was dequeued has neither.
  const auto record = find_waiter_record(memory, record_, task, stack, [&](VirtualAddress candidate) {
    const auto lock = lock_.read_pointer(memory, candidate);
    return lock && !lock->is_null();
  });
  if (!record) return std::nullopt;
  const auto object = key_object_.read(memory, *record);
  const auto word = key_word_.read(memory, *record);
  const auto offset = key_offset_.read(memory, *record);
  if (!object || !word || !offset || *object == 0) return std::nullopt;
  return WaitedFutex{*record, {*object, *word, *offset}};
}

bool FutexView::has_time_limit(const Access& access, VirtualAddress task, VirtualRange stack) const {
  bool found = false;
  if (!sleeper_task_.exists() || !sleeper_queued_.exists() || !sleeper_function_.exists()) return found;
  each_on_stack(access.memory, stack, task.value, [&](VirtualAddress slot) {
    const VirtualAddress sleeper = sleeper_task_.container(slot);
    const auto queued = sleeper_queued_.read(access.memory, sleeper);
    const auto function = sleeper_function_.read_pointer(access.memory, sleeper);
    if (!queued || (*queued & 1) == 0 || !function) return true;
    const auto symbol = access.symbols.find_covering(*function);
    found = symbol && symbol->offset == 0 && names::base_name(symbol->symbol.name) == "hrtimer_wakeup";
    return !found;
  });
  return found;
}

ThreadIdView ThreadIdView::bind(Binder& binder) {
  ThreadIdView v;
  // v4.19 (2c4704756cab): thread_pid; before, the pid of the first kind of link.
  v.pid_ = binder.optional("task_struct", {"thread_pid", "pids[0].pid"});
  v.level_ = binder.optional("pid", {"level"});
  v.numbers_ = binder.optional("pid", {"numbers"});
  v.number_ = binder.optional("upid", {"nr"});
  v.name_space_ = binder.optional("upid", {"ns"});
  v.entry_size_ = v.numbers_.exists() ? v.numbers_.element_size() : 0;
  return v;
}

std::optional<ThreadIdView::Id> ThreadIdView::of(const VirtualMemory& memory, VirtualAddress task) const {
  const auto pid = pid_.read_pointer(memory, task);
  if (!pid || pid->is_null() || entry_size_ == 0) return std::nullopt;
  const auto level = level_.read(memory, *pid);
  if (!level || *level > kMostLevels) return std::nullopt;
  const VirtualAddress entry = numbers_.in(*pid) + *level * entry_size_;
  const auto number = number_.read(memory, entry);
  const auto name_space = name_space_.read_pointer(memory, entry);
  if (!number || !name_space) return std::nullopt;
  return Id{static_cast<std::uint32_t>(*number), *name_space};
}

UserMutex read_user_mutex(const VirtualMemory& user_memory, VirtualAddress futex) {
  // sysdeps/nptl/bits/struct_mutex.h, the same on all 64-bit machines: lock, count, owner, users, kind. A lock of 2
  // means held and waited for; a robust mutex has its owner's id there, with the mark of waiters.
  constexpr std::uint32_t kHeldAndWanted = 2;
  constexpr std::uint32_t kWaiters = 0x80000000;
  constexpr std::uint32_t kThreadId = 0x3fffffff;
  constexpr std::uint32_t kMostUsers = 1u << 16;
  constexpr std::uint32_t kKinds = 0x3ff;  // type, robust, protocol, shared, elision
  constexpr std::size_t kWords = 5;
  UserMutex result;
  std::array<std::byte, kWords * 4> bytes;
  if (!user_memory.read(futex, bytes)) return result;
  std::array<std::uint32_t, kWords> words;
  for (std::size_t i = 0; i < kWords; ++i) {
    words[i] = load<std::uint32_t>(bytes.data() + i * 4, user_memory.byte_order());
  }
  const auto [lock, count, owner, users, kind] = words;
  result.word = lock;
  const bool robust = (lock & kWaiters) != 0 && (lock & kThreadId) == owner;
  if ((lock == kHeldAndWanted || robust) && users != 0 && users <= kMostUsers && (kind & ~kKinds) == 0) {
    result.owner = owner;
  }
  return result;
}

}  // namespace whyhung::kernel
