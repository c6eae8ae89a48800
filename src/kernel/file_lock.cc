// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/file_lock.h"

#include "base/walk_limit.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kMostRequests = 1u << 16;
// Flags that have kept their values since v2.6, and F_RDLCK of asm-generic/fcntl.h.
constexpr std::uint64_t kPosix = 1;
constexpr std::uint64_t kFlock = 2;
constexpr std::uint64_t kReadLock = 0;

}  // namespace

FileLockView FileLockView::bind(Binder& binder) {
  FileLockView v;
  // v6.9: what all locks have in common moved into struct file_lock_core, the first member.
  v.wait_ = binder.optional("file_lock", {"c.flc_wait", "fl_wait"});
  // v5.0: fl_blocker. Before, a request's fl_next pointed to the granted lock.
  v.blocker_ = binder.optional("file_lock", {"c.flc_blocker", "fl_blocker"});
  v.requests_queue_up_ = v.blocker_.exists();
  if (!v.requests_queue_up_) v.blocker_ = binder.optional("file_lock", {"fl_next"});
  v.file_ = binder.optional("file_lock", {"c.flc_file", "fl_file"});
  v.owner_ = binder.optional("file_lock", {"c.flc_owner", "fl_owner"});
  v.pid_ = binder.optional("file_lock", {"c.flc_pid", "fl_pid"});
  v.flags_ = binder.optional("file_lock", {"c.flc_flags", "fl_flags"});
  v.type_ = binder.optional("file_lock", {"c.flc_type", "fl_type"});
  return v;
}

std::optional<FileLock> FileLockView::read(const VirtualMemory& memory, VirtualAddress lock) const {
  const auto file = file_.read_pointer(memory, lock);
  const auto owner = owner_.read_pointer(memory, lock);
  const auto pid = pid_.read(memory, lock);
  const auto flags = flags_.read(memory, lock);
  const auto type = type_.read(memory, lock);
  if (!file || file->is_null() || !owner || !pid || !flags || !type) return std::nullopt;
  FileLock result;
  result.address = lock;
  result.file = *file;
  result.owner = *owner;
  result.pid = static_cast<std::uint32_t>(*pid);
  result.is_posix = (*flags & kPosix) != 0;
  result.is_flock = (*flags & kFlock) != 0;
  result.is_shared = *type == kReadLock;
  return result;
}

std::optional<FileLock> FileLockView::request_with_queue(const VirtualMemory& memory, VirtualAddress head) const {
  if (!usable()) return std::nullopt;
  auto request = read(memory, wait_.container(head));
  // One kind of lock or the other: of other memory that is taken for a lock this does not hold.
  if (!request || request->is_posix == request->is_flock) return std::nullopt;
  return request;
}

std::optional<FileLock> FileLockView::blocker(const VirtualMemory& memory, const FileLock& request) const {
  WalkLimit limit(kMostRequests);
  VirtualAddress lock = request.address;
  while (true) {
    if (limit.step(lock) != WalkLimit::Verdict::kContinue) return std::nullopt;
    const auto next = blocker_.read_pointer(memory, lock);
    if (!next) return std::nullopt;
    if (next->is_null()) break;
    lock = *next;
    if (!requests_queue_up_) break;
  }
  if (lock == request.address) return std::nullopt;  // just granted
  auto found = read(memory, lock);
  if (!found || found->is_posix != request.is_posix) return std::nullopt;
  return found;
}

}  // namespace whyhung::kernel
