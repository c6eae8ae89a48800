// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/fuse.h"

#include <algorithm>
#include <array>

#include "kernel/list.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kMostDevices = 4096;
constexpr std::uint64_t kSetLockAndWait = 33;  // FUSE_SETLKW

struct Operation {
  std::uint64_t number;
  std::string_view name;
};
constexpr std::array<Operation, 26> kOperations = {
    {{1, "LOOKUP"}, {3, "GETATTR"},     {4, "SETATTR"},  {5, "READLINK"}, {6, "SYMLINK"},   {8, "MKNOD"},
     {9, "MKDIR"},  {10, "UNLINK"},     {11, "RMDIR"},   {12, "RENAME"},  {14, "OPEN"},     {15, "READ"},
     {16, "WRITE"}, {17, "STATFS"},     {18, "RELEASE"}, {20, "FSYNC"},   {22, "GETXATTR"}, {25, "FLUSH"},
     {26, "INIT"},  {27, "OPENDIR"},    {28, "READDIR"}, {33, "SETLKW"},  {34, "ACCESS"},   {35, "CREATE"},
     {39, "IOCTL"}, {44, "READDIRPLUS"}}};

std::uint64_t bit_of(debuginfo::TypeSource& types, std::string_view enumerator) {
  const auto number = types.enumerator(enumerator);
  return number && *number >= 0 && *number < 64 ? 1ull << *number : 0;
}

}  // namespace

FuseView FuseView::bind(debuginfo::TypeSource& types) {
  FuseView v;
  Binder binder(types);
  v.queue_ = binder.optional("fuse_req", {"waitq"});
  v.flags_ = binder.optional("fuse_req", {"flags"});
  v.operation_ = binder.optional("fuse_req", {"in.h.opcode"});
  // Since about v7.1 the request knows its channel to the server; since v5.10: its mount, and that the connection.
  v.channel_ = binder.optional("fuse_req", {"chan"});
  v.mount_ = binder.optional("fuse_req", {"fm"});
  v.mount_connection_ = binder.optional("fuse_mount", {"fc"});
  v.connection_channel_ = binder.optional("fuse_conn", {"chan"});
  v.devices_ = binder.optional(v.channel_.exists() ? "fuse_chan" : "fuse_conn", {"devices"});
  v.device_entry_ = binder.optional("fuse_dev", {"entry"});
  v.device_connection_ = binder.optional("fuse_dev", {"chan", "fc"});
  v.sent_ = bit_of(types, "FR_SENT");
  v.finished_ = bit_of(types, "FR_FINISHED");
  return v;
}

std::optional<FuseRequest> FuseView::request_with_queue(const VirtualMemory& memory, VirtualAddress head) const {
  if (!usable()) return std::nullopt;
  FuseRequest request;
  request.address = queue_.container(head);
  const auto flags = flags_.read(memory, request.address);
  const auto operation = operation_.read(memory, request.address);
  if (!flags || !operation || (*flags & finished_) != 0) return std::nullopt;
  request.operation = *operation;
  request.was_read = (*flags & sent_) != 0;
  if (channel_.exists()) {
    request.connection = channel_.read_pointer(memory, request.address).value_or(VirtualAddress(0));
  } else if (const auto mount = mount_.read_pointer(memory, request.address)) {
    request.connection = connection_of_mount(memory, *mount);
  }
  if (request.connection.is_null()) return std::nullopt;
  return request;
}

VirtualAddress FuseView::connection_of_mount(const VirtualMemory& memory, VirtualAddress mount) const {
  if (mount.is_null()) return mount;
  const VirtualAddress connection = mount_connection_.read_pointer(memory, mount).value_or(VirtualAddress(0));
  if (connection.is_null() || !channel_.exists()) return connection;
  return connection_channel_.read_pointer(memory, connection).value_or(VirtualAddress(0));
}

std::vector<VirtualAddress> FuseView::devices(const VirtualMemory& memory, VirtualAddress connection) const {
  std::vector<VirtualAddress> found;
  if (!devices_.exists() || !device_entry_.exists() || connection.is_null()) return found;
  for (const VirtualAddress node : walk_list(memory, devices_.in(connection), kMostDevices).nodes) {
    const VirtualAddress device = device_entry_.container(node);
    const auto back = device_connection_.read_pointer(memory, device);
    if (back && *back == connection) found.push_back(device);
  }
  return found;
}

std::string fuse_operation_name(std::uint64_t operation) {
  const auto known = std::ranges::find(kOperations, operation, &Operation::number);
  return known == kOperations.end() ? fmt::format("opcode {}", operation) : std::string(known->name);
}

bool fuse_may_take_long(std::uint64_t operation) {
  return operation == kSetLockAndWait;
}

}  // namespace whyhung::kernel
