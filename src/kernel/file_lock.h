// SPDX-License-Identifier: GPL-2.0-or-later
// Locks of files: flock(), POSIX and OFD locks (include/linux/filelock.h, fs/locks.c). Who must wait has a request that
// names the lock in its way.
#pragma once

#include <optional>

#include "kernel/fields.h"

namespace whyhung::kernel {

struct FileLock {
  VirtualAddress address;  // struct file_lock, or file_lock_core at its beginning
  VirtualAddress file;     // through which it was taken
  VirtualAddress owner;    // of a POSIX lock: the process's files_struct; else the struct file, or who the server chose
  std::uint32_t pid = 0;   // process that took it, in the initial namespace
  bool is_posix = false;
  bool is_flock = false;
  bool is_shared = false;
};

class FileLockView {
 public:
  static FileLockView bind(Binder& binder);
  bool usable() const { return wait_.exists() && blocker_.exists() && file_.exists() && pid_.exists(); }

  // The request whose wait queue is at `head`; nothing when what lies there is none.
  std::optional<FileLock> request_with_queue(const VirtualMemory& memory, VirtualAddress head) const;
  // The granted lock that a request waits for, which may stand behind other requests.
  std::optional<FileLock> blocker(const VirtualMemory& memory, const FileLock& request) const;

 private:
  std::optional<FileLock> read(const VirtualMemory& memory, VirtualAddress lock) const;

  Field wait_, blocker_, file_, owner_, pid_, flags_, type_;
  bool requests_queue_up_ = false;  // a request may wait for another request
};

}  // namespace whyhung::kernel
