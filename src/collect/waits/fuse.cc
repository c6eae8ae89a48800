// SPDX-License-Identifier: GPL-2.0-or-later
// Waits for the answer of the process that serves a FUSE file system.
#include <algorithm>
#include <array>

#include "collect/waits/servers.h"

namespace whyhung::collect {
namespace {

using model::Certainty;
using model::EvidenceKind;
using model::ResourceKind;

bool waits_for_requests(const Workbench& bench, const model::Task& task) {
  return std::ranges::any_of(task.stack.frames, [&](const model::StackFrame& frame) {
    return bench.snapshot.location(frame).meanings.has(names::Meaning::kServesFuse);
  });
}

// Of the server's threads the one that is not itself idle is the one to look at; where that is not one, the first.
void add_server(const Workbench& bench, model::Resource& resource, std::uint64_t process, VirtualAddress device) {
  const model::Task* first = bench.snapshot.find_task(process);
  if (first == nullptr) return;
  const model::Task* busy = nullptr;
  std::size_t busy_count = 0;
  for (const model::Task& task : bench.snapshot.tasks) {
    if (task.tgid != first->tgid || waits_for_requests(bench, task)) continue;
    busy = &task;
    ++busy_count;
  }
  const model::NodeId who = model::task_node(busy_count == 1 ? busy->address : first->address);
  if (std::ranges::find(resource.holders, who, &model::Holder::who) != resource.holders.end()) return;
  resource.holders.push_back(
      {who,
       model::HolderRole::kServes,
       Certainty::kCertain,
       {{EvidenceKind::kField, "fuse_dev, the private data of a file that it has open", device.value, {}}}});
}

void describe(WaitContext& context, model::Resource& resource, std::span<const VirtualAddress> devices) {
  resource.facts = model::ServerFacts{model::ServerKind::kFuse, {}};
  resource.evidence.push_back(
      {EvidenceKind::kList, "devices of the connection", resource.address, std::to_string(devices.size())});
  for (const VirtualAddress device : devices) {
    for (const std::uint64_t process : context.open_files().processes_with_private_data(device)) {
      add_server(context.bench, resource, process, device);
    }
  }
  if (resource.holders.size() > 1) {
    // A child that inherited the file need not serve it.
    for (model::Holder& holder : resource.holders) holder.certainty = Certainty::kLikely;
  }
  resource.name = "of a FUSE file system";
}

void read_fuse(WaitContext& context, const Sleeper& sleeper) {
  const VirtualMemory& memory = context.bench.access.memory;
  const auto& view = context.view_of<kernel::FuseView>(context.module_at(sleeper));
  const auto queue = context.waited_queue(sleeper);
  if (!queue) return;
  const auto request = view.request_with_queue(memory, queue->head);
  if (!request || kernel::fuse_may_take_long(request->operation)) return;
  if (!add_fuse_server(context, view, request->connection)) return;
  model::WaitHow how = model::WaitKind::kSleepsForAnswer;
  how.request = kernel::fuse_operation_name(request->operation);
  how.taken_up = request->was_read;
  context.add_wait(sleeper, request->connection, std::move(how),
                   {EvidenceKind::kField, "fuse_req, whose queue it is in", request->address.value, {}});
}

}  // namespace

bool add_fuse_server(WaitContext& context, const kernel::FuseView& view, VirtualAddress connection) {
  const auto devices = view.devices(context.bench.access.memory, connection);
  if (devices.empty()) return false;  // no connection, or one that has been cut
  model::Resource& resource = context.bench.resource_at(connection.value, ResourceKind::kServer);
  if (resource.evidence.empty()) describe(context, resource, devices);
  return true;
}

const WaitReader kFuseReader = {"fuse", names::Meaning::kWaitsForFuse, read_fuse};

}  // namespace whyhung::collect
