// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/call_queue.h"

#include "kernel/list.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kLocked = 0x01;      // CSD_FLAG_LOCK
constexpr std::uint64_t kTypeMask = 0xf0;    // CSD_FLAG_TYPE_MASK, since v5.8 (4b44a21dd640)
constexpr std::uint64_t kFirstOther = 0x20;  // CSD_TYPE_IRQ_WORK; below are functions that somebody sent
constexpr std::uint64_t kMostRequests = 4096;

}  // namespace

CallQueueView CallQueueView::bind(Binder& binder) {
  CallQueueView v;
  // v4.14 (966a967116e6): __call_single_data; v5.9 (545b8c8df41f): list and flags in a node of their own.
  for (const std::string_view type : {"__call_single_data", "call_single_data"}) {
    if (v.usable()) break;
    v.list_ = binder.optional(type, {"node.llist", "llist"});
    v.flags_ = binder.optional(type, {"node.u_flags", "node.flags", "flags"});
    v.function_ = binder.optional(type, {"func"});
  }
  // v5.12 to v6.5: struct cfd_percpu, of which the request is the first member.
  v.slots_ = binder.optional("call_function_data", {"pcpu", "csd"});
  return v;
}

std::optional<CallRequest> CallQueueView::locked_at(const VirtualMemory& memory, VirtualAddress address) const {
  const auto flags = flags_.read(memory, address);
  if (!flags || (*flags & kLocked) == 0 || (*flags & kTypeMask) >= kFirstOther) return std::nullopt;
  return CallRequest{address, function_.read_pointer(memory, address).value_or(VirtualAddress())};
}

std::vector<CallRequest> CallQueueView::queued(const Access& access, const PerCpu& percpu, std::uint32_t cpu) const {
  std::vector<CallRequest> requests;
  const auto queue = percpu.find("call_single_queue", cpu);
  if (!queue || !usable()) return requests;
  const auto first = access.memory.read_pointer(*queue);
  if (!first) return requests;
  for (const VirtualAddress node : walk_chain(access.memory, *first, kMostRequests).nodes) {
    if (const auto request = locked_at(access.memory, list_.container(node))) requests.push_back(*request);
  }
  return requests;
}

std::optional<VirtualAddress> CallQueueView::slot(const Access& access, const PerCpu& percpu, std::uint32_t sender,
                                                  std::uint32_t target) const {
  const auto data = percpu.find("cfd_data", sender);
  if (!data || !slots_.exists()) return std::nullopt;
  const auto variable = slots_.read_pointer(access.memory, *data);
  if (!variable || variable->is_null()) return std::nullopt;
  return percpu.instance(*variable, target);
}

}  // namespace whyhung::kernel
