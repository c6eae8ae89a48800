// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/rpc.h"

namespace whyhung::kernel {
namespace {

constexpr std::size_t kLongestText = 256;
constexpr std::uint64_t kConnected = 1u << 1;  // XPRT_CONNECTED

}  // namespace

RpcView RpcView::bind(debuginfo::TypeSource& types) {
  RpcView v;
  Binder binder(types);
  v.run_state_ = binder.optional("rpc_task", {"tk_runstate"});
  v.client_ = binder.optional("rpc_task", {"tk_client"});
  v.queue_ = binder.optional("rpc_task", {"tk_waitqueue"});
  v.start_ = binder.optional("rpc_task", {"tk_start"});
  v.queue_name_ = binder.optional("rpc_wait_queue", {"name"});
  v.transport_ = binder.optional("rpc_clnt", {"cl_xprt"});
  v.program_ = binder.optional("rpc_clnt", {"cl_program"});
  v.program_name_ = binder.optional("rpc_program", {"name"});
  v.address_ = binder.optional("rpc_xprt", {"address_strings[0]"});  // RPC_DISPLAY_ADDR
  v.server_name_ = binder.optional("rpc_xprt", {"servername"});
  v.state_ = binder.optional("rpc_xprt", {"state"});
  v.nfs_client_ = binder.optional("nfs_server", {"client"});
  return v;
}

std::optional<RpcServer> RpcView::server_of_nfs(const VirtualMemory& memory, VirtualAddress nfs_server) const {
  const auto client = nfs_client_.read_pointer(memory, nfs_server);
  if (!client || client->is_null()) return std::nullopt;
  return server_of(memory, *client);
}

std::string RpcView::text(const VirtualMemory& memory, const Field& field, VirtualAddress base) const {
  const auto pointer = field.read_pointer(memory, base);
  if (!pointer || pointer->is_null()) return {};
  return memory.read_c_string(*pointer, kLongestText).value_or("");
}

std::optional<RpcServer> RpcView::server_of(const VirtualMemory& memory, VirtualAddress client) const {
  const auto transport = transport_.read_pointer(memory, client);
  if (!transport || transport->is_null()) return std::nullopt;
  RpcServer server;
  server.transport = *transport;
  server.address = text(memory, address_, *transport);
  server.name = text(memory, server_name_, *transport);
  // Of a client that is none neither can be read.
  if (server.address.empty() && server.name.empty()) return std::nullopt;
  server.is_connected = (state_.read(memory, *transport).value_or(0) & kConnected) != 0;
  if (const auto program = program_.read_pointer(memory, client); program && !program->is_null()) {
    server.program = text(memory, program_name_, *program);
  }
  return server;
}

std::optional<RpcCall> RpcView::call_with_state(const VirtualMemory& memory, VirtualAddress word) const {
  if (!run_state_.exists()) return std::nullopt;
  RpcCall call;
  call.task = run_state_.container(word);
  const auto client = client_.read_pointer(memory, call.task);
  if (!client || client->is_null()) return std::nullopt;
  auto server = server_of(memory, *client);
  if (!server) return std::nullopt;
  call.server = *std::move(server);
  if (const auto start = start_.read(memory, call.task); start && *start != 0) call.start = *start;
  const auto queue = queue_.read_pointer(memory, call.task);
  if (queue && !queue->is_null()) call.queue = text(memory, queue_name_, *queue);
  return call;
}

}  // namespace whyhung::kernel
