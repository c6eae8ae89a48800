// SPDX-License-Identifier: GPL-2.0-or-later
// FUSE (fs/fuse/fuse_i.h, fuse_dev_i.h): a request that waits for the answer of a process, and who that process is. The
// types are those of the module, where fuse is one.
#pragma once

#include <optional>
#include <vector>

#include "kernel/fields.h"

namespace whyhung::kernel {

struct FuseRequest {
  VirtualAddress address;
  VirtualAddress connection;  // fuse_conn, or fuse_chan
  std::uint64_t operation = 0;
  bool was_read = false;  // the server has it
};

class FuseView {
 public:
  static FuseView bind(debuginfo::TypeSource& types);
  bool usable() const { return queue_.exists() && flags_.exists() && operation_.exists(); }

  // The request whose wait queue is at `head`; nothing when it is answered.
  std::optional<FuseRequest> request_with_queue(const VirtualMemory& memory, VirtualAddress head) const;
  // The connection of a mount (super_block.s_fs_info); null: not known.
  VirtualAddress connection_of_mount(const VirtualMemory& memory, VirtualAddress mount) const;
  // What the server's open files of /dev/fuse have as private data: each a fuse_dev of the connection.
  std::vector<VirtualAddress> devices(const VirtualMemory& memory, VirtualAddress connection) const;

 private:
  Field queue_, flags_, operation_, mount_, channel_;
  Field mount_connection_, connection_channel_;
  Field devices_, device_entry_, device_connection_;
  std::uint64_t sent_ = 0, finished_ = 0;  // bits of flags
};

// "LOOKUP", "opcode 99": enum fuse_opcode of include/uapi/linux/fuse.h, which never changes.
std::string fuse_operation_name(std::uint64_t operation);
// Requests that a server may rightly leave unanswered for long: a lock that another holds.
bool fuse_may_take_long(std::uint64_t operation);

}  // namespace whyhung::kernel
