// SPDX-License-Identifier: GPL-2.0-or-later
// Calls to an RPC server, such as those of NFS (include/linux/sunrpc/sched.h, clnt.h, xprt.h). The types are those of
// the module, where sunrpc is one.
#pragma once

#include <optional>
#include <string>

#include "kernel/fields.h"

namespace whyhung::kernel {

struct RpcServer {
  VirtualAddress transport;  // rpc_xprt
  std::string address;       // as text, "192.0.2.9"
  std::string name;          // as it was mounted
  std::string program;       // "nfs"
  bool is_connected = false;
};

struct RpcCall {
  VirtualAddress task;  // rpc_task
  std::string queue;    // where it waits: "xprt_pending": sent, without a reply
  // When it was made, ns of CLOCK_MONOTONIC: who waits for it runs now and then to try again.
  std::optional<std::uint64_t> start;
  RpcServer server;
};

class RpcView {
 public:
  static RpcView bind(debuginfo::TypeSource& types);
  // The call whose state word is at `word`.
  std::optional<RpcCall> call_with_state(const VirtualMemory& memory, VirtualAddress word) const;
  // The server behind an NFS mount (super_block.s_fs_info).
  std::optional<RpcServer> server_of_nfs(const VirtualMemory& memory, VirtualAddress nfs_server) const;
  // The server that a client talks to.
  std::optional<RpcServer> server_of(const VirtualMemory& memory, VirtualAddress client) const;

 private:
  std::string text(const VirtualMemory& memory, const Field& field, VirtualAddress base) const;

  Field run_state_, client_, queue_, queue_name_, start_;
  Field transport_, program_, program_name_;
  Field address_, server_name_, state_;
  Field nfs_client_;
};

}  // namespace whyhung::kernel
