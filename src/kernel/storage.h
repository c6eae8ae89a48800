// SPDX-License-Identifier: GPL-2.0-or-later
// From what a task waits for to the device below: page cache, inode, super block, block device, disk
// (include/linux/fs.h, blkdev.h, blk_types.h), and a device mapper's device (drivers/md/dm-core.h).
#pragma once

#include <optional>
#include <string>

#include "kernel/fields.h"
#include "kernel/waiter_record.h"

namespace whyhung::kernel {

// What a task waits for in the page cache.
struct WaitedPage {
  VirtualAddress folio;  // or page
  // Nothing is read into it or written from it: another task has it locked.
  bool is_idle = false;
};

struct FileSystem {
  VirtualAddress super_block;
  std::string type;          // "ext4"
  std::string id;            // s_id: most file systems put the device's name there
  std::uint64_t frozen = 0;  // SB_UNFROZEN 0, WRITE 1, PAGEFAULT 2, FS 3, COMPLETE 4
  VirtualAddress disk;       // gendisk; null: none is below it
  VirtualAddress info;       // s_fs_info: what only its own code understands
  VirtualAddress code;       // struct module; null: the kernel itself
};

struct Disk {
  VirtualAddress address;  // gendisk
  std::string name;        // "sda"
  std::uint64_t major = 0;
  std::uint64_t minor = 0;
  VirtualAddress operations;  // block_device_operations of its driver
  VirtualAddress driver;      // struct module; null: the kernel itself
};

class StorageView {
 public:
  static StorageView bind(Binder& binder);

  // The page that a task waits for, asleep in the page cache's own wait.
  std::optional<WaitedPage> waited_page(const VirtualMemory& memory, VirtualAddress task, VirtualRange stack) const;
  // The file system whose file, or the block device of which, a folio caches.
  std::optional<FileSystem> file_system_of_folio(const VirtualMemory& memory, VirtualAddress folio) const;
  // The disk of the buffer whose state word is at `word`; null: that is no buffer's.
  VirtualAddress disk_of_buffer(const VirtualMemory& memory, VirtualAddress word) const;
  std::optional<FileSystem> file_system(const VirtualMemory& memory, VirtualAddress super_block) const;
  // The mounted file system one of whose locks against freezing is the percpu_rw_semaphore at `lock`.
  std::optional<FileSystem> file_system_with_lock(const Access& access, VirtualAddress lock) const;
  std::optional<Disk> disk(const VirtualMemory& memory, VirtualAddress disk) const;
  // The percpu_rw_semaphore whose wait queue is at `head`.
  std::optional<VirtualAddress> percpu_lock_with_queue(VirtualAddress head) const;

 private:
  std::optional<VirtualAddress> pointer(const VirtualMemory& memory, const Field& field, VirtualAddress base) const;

  WaiterRecordLayout entry_;
  Field entry_in_page_wait_, waited_folio_, waited_bit_, page_flags_;
  std::optional<std::int64_t> locked_, uptodate_, writeback_;  // numbers of bits
  Field mapping_, host_, inode_super_;
  Field super_list_, super_device_, super_id_, super_type_, super_info_, type_name_, type_owner_, frozen_,
      freeze_locks_;
  Field buffer_state_, buffer_ring_, buffer_device_;
  Field inode_in_device_, device_in_inode_, device_disk_;
  Field disk_name_, major_, first_minor_, operations_, operations_owner_;
  Field lock_queue_;
};

// A device of the device mapper. The types are those of its module.
struct MappedDevice {
  std::string name;  // as its user named it; may be empty
  bool suspended = false;
};
std::optional<MappedDevice> read_mapped_device(const VirtualMemory& memory, debuginfo::TypeSource& types,
                                               VirtualAddress disk);

}  // namespace whyhung::kernel
