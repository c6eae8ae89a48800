// SPDX-License-Identifier: GPL-2.0-or-later
// Waits for locks of files. Such a lock belongs to a process in user space, which may keep it as long as it likes: the
// wait alone is no hang.
#include <algorithm>
#include <array>

#include "collect/waits/sleepers.h"
#include "kernel/file_lock.h"

namespace whyhung::collect {
namespace {

using model::Certainty;
using model::EvidenceKind;
using model::ResourceKind;

model::FileLockFacts facts_of(const kernel::FileLock& lock) {
  return {lock.is_flock ? model::FileLockFamily::kFlock : model::FileLockFamily::kPosix,
          lock.is_shared ? model::LockMode::kShared : model::LockMode::kExclusive};
}

class FileLockReader {
 public:
  FileLockReader(WaitContext& context, const Sleeper& sleeper)
      : context_(context), bench_(context.bench), sleeper_(sleeper) {}

  void read() {
    const auto& view = context_.view<kernel::FileLockView>();
    const auto queue = context_.waited_queue(sleeper_);
    if (!queue) return;
    const auto request = view.request_with_queue(bench_.access.memory, queue->head);
    if (!request || request->pid != sleeper_.task.tgid) return;
    const auto lock = view.blocker(bench_.access.memory, *request);
    if (!lock) return;
    model::Resource& resource = bench_.resource_at(lock->address.value, ResourceKind::kFileLock);
    if (resource.evidence.empty()) describe(resource, *lock);
    model::WaitHow how = model::WaitKind::kSleeps;
    how.family = facts_of(*request).family;
    how.mode = facts_of(*request).mode;
    context_.add_wait(sleeper_, lock->address, std::move(how),
                      {EvidenceKind::kField, "file_lock.fl_blocker of its request", request->address.value,
                       fmt::format("{:#x}", lock->address.value)});
  }

 private:
  void describe(model::Resource& resource, const kernel::FileLock& lock) {
    resource.name = context_.open_files().view().name(bench_.access.memory, lock.file);
    resource.facts = facts_of(lock);
    resource.evidence.push_back(
        {EvidenceKind::kField, "file_lock.fl_pid", lock.address.value, std::to_string(lock.pid)});
    if (lock.is_posix && add_owner_by_table(resource, lock)) return;
    add_owners_by_file(resource, lock);
  }

  // A POSIX lock belongs to a files_struct.
  bool add_owner_by_table(model::Resource& resource, const kernel::FileLock& lock) {
    const std::uint64_t process = context_.open_files().process_of(lock.owner);
    if (process == 0) return false;
    resource.holders.push_back({model::task_node(process),
                                model::HolderRole::kOwner,
                                Certainty::kCertain,
                                {{EvidenceKind::kField, "file_lock.fl_owner, the files of this process",
                                  lock.address.value, fmt::format("{:#x}", lock.owner.value)}}});
    return true;
  }

  // Other locks belong to an open file, which children inherit: each process that has it may release the lock.
  void add_owners_by_file(model::Resource& resource, const kernel::FileLock& lock) {
    const auto processes = context_.open_files().processes_with(lock.file);
    for (const std::uint64_t process : processes) {
      const model::Task* task = bench_.snapshot.find_task(process);
      const bool took_it = task != nullptr && task->tgid == lock.pid;
      model::Holder holder{model::task_node(process),
                           model::HolderRole::kOwner,
                           took_it && processes.size() == 1 ? Certainty::kCertain : Certainty::kLikely,
                           {{EvidenceKind::kField, "file_lock.fl_file, which this process has open", lock.address.value,
                             fmt::format("{:#x}", lock.file.value)}}};
      resource.holders.insert(took_it ? resource.holders.begin() : resource.holders.end(), std::move(holder));
    }
  }

  WaitContext& context_;
  Workbench& bench_;
  const Sleeper& sleeper_;
};

void read_file_lock(WaitContext& context, const Sleeper& sleeper) {
  FileLockReader(context, sleeper).read();
}

}  // namespace

const WaitReader kFileLockReader = {"file lock", names::Meaning::kWaitsForFileLock, read_file_lock};

}  // namespace whyhung::collect
