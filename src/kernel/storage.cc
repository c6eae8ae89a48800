// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/storage.h"

#include "kernel/list.h"
#include "kernel/wait_queue.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kMostFileSystems = 1u << 16;
constexpr std::size_t kLongestName = 256;
constexpr std::uint64_t kMappingFlags = 3;  // low bits of folio.mapping: no file's
// The file system that holds the page cache of block devices themselves (block/bdev.c).
constexpr std::string_view kDeviceFileSystem = "bdev";

std::string text_at(const VirtualMemory& memory, std::optional<VirtualAddress> text) {
  return text ? memory.read_c_string(*text, kLongestName).value_or("") : std::string();
}

}  // namespace

StorageView StorageView::bind(Binder& binder) {
  StorageView v;
  v.entry_ = wait_queue_entry_layout(binder);
  v.entry_in_page_wait_ = binder.optional("wait_page_queue", {"wait"});
  v.waited_folio_ = binder.optional("wait_page_queue", {"folio", "page"});
  v.waited_bit_ = binder.optional("wait_page_queue", {"bit_nr"});
  v.page_flags_ = binder.optional("folio", {"flags.f", "flags"});
  if (!v.page_flags_.exists()) v.page_flags_ = binder.optional("page", {"flags"});
  v.locked_ = binder.enumerator("PG_locked");
  v.uptodate_ = binder.enumerator("PG_uptodate");
  v.writeback_ = binder.enumerator("PG_writeback");
  v.mapping_ = binder.optional("folio", {"mapping"});
  if (!v.mapping_.exists()) v.mapping_ = binder.optional("page", {"mapping"});
  v.host_ = binder.optional("address_space", {"host"});
  v.inode_super_ = binder.optional("inode", {"i_sb"});
  v.super_list_ = binder.optional("super_block", {"s_list"});
  v.super_device_ = binder.optional("super_block", {"s_bdev"});
  v.super_id_ = binder.optional("super_block", {"s_id"});
  v.super_type_ = binder.optional("super_block", {"s_type"});
  v.super_info_ = binder.optional("super_block", {"s_fs_info"});
  v.type_owner_ = binder.optional("file_system_type", {"owner"});
  v.type_name_ = binder.optional("file_system_type", {"name"});
  v.frozen_ = binder.optional("super_block", {"s_writers.frozen"});
  v.freeze_locks_ = binder.optional("super_block", {"s_writers.rw_sem"});
  v.buffer_state_ = binder.optional("buffer_head", {"b_state"});
  v.buffer_ring_ = binder.optional("buffer_head", {"b_this_page"});
  v.buffer_device_ = binder.optional("buffer_head", {"b_bdev"});
  v.inode_in_device_ = binder.optional("bdev_inode", {"vfs_inode"});
  v.device_in_inode_ = binder.optional("bdev_inode", {"bdev"});
  v.device_disk_ = binder.optional("block_device", {"bd_disk"});
  v.disk_name_ = binder.optional("gendisk", {"disk_name"});
  v.major_ = binder.optional("gendisk", {"major"});
  v.first_minor_ = binder.optional("gendisk", {"first_minor"});
  v.operations_ = binder.optional("gendisk", {"fops"});
  v.operations_owner_ = binder.optional("block_device_operations", {"owner"});
  v.lock_queue_ = binder.optional("percpu_rw_semaphore", {"waiters"});
  return v;
}

std::optional<VirtualAddress> StorageView::pointer(const VirtualMemory& memory, const Field& field,
                                                   VirtualAddress base) const {
  const auto value = field.read_pointer(memory, base);
  if (!value || value->is_null()) return std::nullopt;
  return *value;
}

std::optional<WaitedPage> StorageView::waited_page(const VirtualMemory& memory, VirtualAddress task,
                                                   VirtualRange stack) const {
  if (!entry_in_page_wait_.exists()) return std::nullopt;
  const auto entry = find_waiter_record(memory, entry_, task, stack);
  if (!entry) return std::nullopt;
  const VirtualAddress record = entry_in_page_wait_.container(*entry);
  const auto folio = pointer(memory, waited_folio_, record);
  if (!folio) return std::nullopt;
  WaitedPage page{*folio, false};
  const auto bit = waited_bit_.read(memory, record);
  const auto flags = page_flags_.read(memory, *folio);
  if (bit && flags && locked_ && uptodate_ && writeback_) {
    const auto is_set = [&](std::int64_t number) { return number >= 0 && number < 64 && (*flags >> number & 1) != 0; };
    // A page is locked while it is read, and not up to date before that is done.
    page.is_idle = *bit == static_cast<std::uint64_t>(*locked_) && is_set(*uptodate_) && !is_set(*writeback_);
  }
  return page;
}

std::optional<FileSystem> StorageView::file_system_of_folio(const VirtualMemory& memory, VirtualAddress folio) const {
  const auto mapping = pointer(memory, mapping_, folio);
  if (!mapping || (mapping->value & kMappingFlags) != 0) return std::nullopt;
  const auto inode = pointer(memory, host_, *mapping);
  const auto super_block = inode ? pointer(memory, inode_super_, *inode) : std::nullopt;
  if (!super_block) return std::nullopt;
  auto found = file_system(memory, *super_block);
  if (found && found->type == kDeviceFileSystem && inode_in_device_.exists() && device_in_inode_.exists()) {
    const VirtualAddress device = device_in_inode_.in(inode_in_device_.container(*inode));
    found->disk = pointer(memory, device_disk_, device).value_or(VirtualAddress(0));
  }
  return found;
}

VirtualAddress StorageView::disk_of_buffer(const VirtualMemory& memory, VirtualAddress word) const {
  constexpr int kMostInPage = 128;  // of 512 bytes each in 64 KB
  const VirtualAddress nowhere(0);
  if (!buffer_state_.exists()) return nowhere;
  // The buffers of a page are linked in a ring: of other memory that does not hold.
  const VirtualAddress buffer = buffer_state_.container(word);
  auto next = pointer(memory, buffer_ring_, buffer);
  for (int i = 0; i < kMostInPage && next && *next != buffer; ++i) next = pointer(memory, buffer_ring_, *next);
  if (!next || *next != buffer) return nowhere;
  const auto device = pointer(memory, buffer_device_, buffer);
  return device ? pointer(memory, device_disk_, *device).value_or(nowhere) : nowhere;
}

std::optional<FileSystem> StorageView::file_system(const VirtualMemory& memory, VirtualAddress super_block) const {
  const auto type = pointer(memory, super_type_, super_block);
  if (!type) return std::nullopt;
  FileSystem found;
  found.super_block = super_block;
  found.type = text_at(memory, pointer(memory, type_name_, *type));
  if (found.type.empty()) return std::nullopt;
  found.id = super_id_.read_text(memory, super_block).value_or("");
  found.info = pointer(memory, super_info_, super_block).value_or(VirtualAddress(0));
  found.code = pointer(memory, type_owner_, *type).value_or(VirtualAddress(0));
  found.frozen = frozen_.read(memory, super_block).value_or(0);
  if (const auto device = pointer(memory, super_device_, super_block)) {
    found.disk = pointer(memory, device_disk_, *device).value_or(VirtualAddress(0));
  }
  return found;
}

std::optional<FileSystem> StorageView::file_system_with_lock(const Access& access, VirtualAddress lock) const {
  const auto head = access.symbols.address_of("super_blocks");
  if (!head || !super_list_.exists() || !freeze_locks_.exists()) return std::nullopt;
  for (const VirtualAddress node : walk_list(access.memory, *head, kMostFileSystems).nodes) {
    const VirtualAddress super_block = super_list_.container(node);
    const VirtualAddress locks = freeze_locks_.in(super_block);
    if (lock >= locks && lock - locks < freeze_locks_.size()) return file_system(access.memory, super_block);
  }
  return std::nullopt;
}

std::optional<Disk> StorageView::disk(const VirtualMemory& memory, VirtualAddress address) const {
  Disk found;
  found.address = address;
  const auto name = disk_name_.read_text(memory, address);
  const auto major = major_.read(memory, address);
  const auto minor = first_minor_.read(memory, address);
  if (!name || name->empty() || !major || !minor) return std::nullopt;
  found.name = *name;
  found.major = *major;
  found.minor = *minor;
  if (const auto operations = pointer(memory, operations_, address)) {
    found.operations = *operations;
    found.driver = pointer(memory, operations_owner_, *operations).value_or(VirtualAddress(0));
  }
  return found;
}

std::optional<VirtualAddress> StorageView::percpu_lock_with_queue(VirtualAddress head) const {
  if (!lock_queue_.exists()) return std::nullopt;
  return lock_queue_.container(head);
}

std::optional<MappedDevice> read_mapped_device(const VirtualMemory& memory, debuginfo::TypeSource& types,
                                               VirtualAddress disk) {
  // drivers/md/dm-core.h: DMF_BLOCK_IO_FOR_SUSPEND, DMF_SUSPENDED.
  constexpr std::uint64_t kBlocked = 1;
  constexpr std::uint64_t kSuspended = 2;
  Binder binder(types);
  const Field private_data = binder.optional("gendisk", {"private_data"});
  const Field own_disk = binder.optional("mapped_device", {"disk"});
  const Field flags = binder.optional("mapped_device", {"flags"});
  const auto device = private_data.read_pointer(memory, disk);
  if (!device || device->is_null()) return std::nullopt;
  const auto back = own_disk.read_pointer(memory, *device);
  const auto bits = flags.read(memory, *device);
  if (!back || *back != disk || !bits) return std::nullopt;
  MappedDevice found;
  found.suspended = (*bits & (kBlocked | kSuspended)) != 0;
  // drivers/md/dm-ioctl.c keeps the name in a hash_cell of its own.
  const Field interface = binder.optional("mapped_device", {"interface_ptr"});
  const Field cell_device = binder.optional("hash_cell", {"md"});
  const Field cell_name = binder.optional("hash_cell", {"name"});
  const auto cell = interface.read_pointer(memory, *device);
  if (!cell || cell->is_null()) return found;
  const auto named = cell_device.read_pointer(memory, *cell);
  const auto name = cell_name.read_pointer(memory, *cell);
  if (named && *named == *device && name && !name->is_null()) found.name = text_at(memory, *name);
  return found;
}

}  // namespace whyhung::kernel
