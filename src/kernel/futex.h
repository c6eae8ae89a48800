// SPDX-License-Identifier: GPL-2.0-or-later
// Futexes (kernel/futex/futex.h): which word of user memory a sleeper waits at. The kernel knows who sleeps there, not
// who will change the word.
#pragma once

#include <compare>
#include <optional>

#include "kernel/fields.h"
#include "kernel/waiter_record.h"

namespace whyhung::kernel {

// union futex_key: two sleepers at the same word have the same key.
struct FutexKey {
  std::uint64_t object = 0;  // mm_struct of the process, or the inode's number
  std::uint64_t word = 0;    // address in the process's memory, or the page's index in the file
  std::uint64_t offset = 0;  // in the page, and what `object` is
  auto operator<=>(const FutexKey&) const = default;
  bool is_in_file() const { return (offset & 1) != 0; }
  // Of the word in the memory of the process; only when it is not in a file.
  std::uint64_t address() const { return word + page_offset(); }
  std::uint64_t page_offset() const { return offset & ~std::uint64_t{3}; }
};

struct WaitedFutex {
  VirtualAddress record;  // futex_q
  FutexKey key;
};

class FutexView {
 public:
  static FutexView bind(Binder& binder);
  std::optional<WaitedFutex> waited_for(const VirtualMemory& memory, VirtualAddress task, VirtualRange stack) const;
  // Whether the sleeper has a timer running that will wake it.
  bool has_time_limit(const Access& access, VirtualAddress task, VirtualRange stack) const;

 private:
  WaiterRecordLayout record_;
  Field lock_, key_object_, key_word_, key_offset_;
  Field sleeper_task_, sleeper_queued_, sleeper_function_;  // hrtimer_sleeper
};

// The thread ids by which user space knows a task: those of its innermost pid namespace.
class ThreadIdView {
 public:
  static ThreadIdView bind(Binder& binder);
  struct Id {
    std::uint32_t number = 0;
    VirtualAddress name_space;
    bool operator==(const Id&) const = default;
  };
  std::optional<Id> of(const VirtualMemory& memory, VirtualAddress task) const;

 private:
  Field pid_, level_, numbers_, number_, name_space_;
  std::uint64_t entry_size_ = 0;
};

// A mutex of the C library (glibc's struct __pthread_mutex_s), as far as the words around a futex show it.
inline constexpr std::uint64_t kUserMutexOwner = 8;  // bytes from the futex to the owner
struct UserMutex {
  std::uint32_t word = 0;
  std::uint32_t owner = 0;  // thread id; 0: the words do not look like a mutex that is held and waited for
};
UserMutex read_user_mutex(const VirtualMemory& user_memory, VirtualAddress futex);

}  // namespace whyhung::kernel
