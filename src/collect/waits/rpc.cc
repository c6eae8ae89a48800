// SPDX-License-Identifier: GPL-2.0-or-later
// Waits for the reply of an RPC server: another machine, which no dump of this one shows.
#include <array>

#include "collect/waits/servers.h"

namespace whyhung::collect {
namespace {

using model::EvidenceKind;

void describe(model::Resource& resource, const kernel::RpcServer& server) {
  const std::string& address = server.address.empty() ? server.name : server.address;
  resource.name = server.program.empty() ? address : fmt::format("{} ({})", address, server.program);
  resource.facts = model::ServerFacts{model::ServerKind::kRpc, server.is_connected};
  resource.evidence.push_back({EvidenceKind::kField, "rpc_xprt.address_strings", server.transport.value, address});
  resource.evidence.push_back(
      {EvidenceKind::kField, "rpc_xprt.state: connected", server.transport.value, server.is_connected ? "1" : "0"});
}

// Queues in which a call waits for its server. In others it waits for something on this machine: a daemon that has to
// fetch credentials, the time after which the server wanted to be asked again.
bool is_of_server(std::string_view queue) {
  return queue.empty() || queue.starts_with("xprt_") || queue.ends_with("Slot table");
}

void read_rpc(WaitContext& context, const Sleeper& sleeper) {
  const VirtualMemory& memory = context.bench.access.memory;
  const auto waited =
      context.view<kernel::BitWaitView>().waited_for(memory, VirtualAddress(sleeper.task.address), sleeper.stack);
  if (!waited) return;
  const auto call = context.view_of<kernel::RpcView>(context.module_at(sleeper)).call_with_state(memory, waited->word);
  if (!call || !is_of_server(call->queue)) return;
  add_rpc_server(context, call->server);
  model::WaitHow how = model::WaitKind::kSleepsForCall;
  how.request = call->queue;
  context.add_wait(sleeper, call->server.transport, std::move(how),
                   {EvidenceKind::kField, "rpc_task, whose tk_runstate it waits for", call->task.value, {}});
  auto& since = context.bench.snapshot.waits.back().since;
  if (call->start && since && *call->start < *since) since = call->start;
}

}  // namespace

void add_rpc_server(WaitContext& context, const kernel::RpcServer& server) {
  model::Resource& resource = context.bench.resource_at(server.transport.value, model::ResourceKind::kServer);
  if (resource.evidence.empty()) describe(resource, server);
}

const WaitReader kRpcReader = {"rpc", names::Meaning::kWaitsForRpc, read_rpc};

}  // namespace whyhung::collect
