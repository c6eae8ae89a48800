// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/cpu_bandwidth.h"

namespace whyhung::kernel {
namespace {

constexpr int kMostNested = 64;  // control groups inside of each other
constexpr std::uint64_t kPointerBytes = 8;

}  // namespace

CpuBandwidthView CpuBandwidthView::bind(Binder& binder) {
  CpuBandwidthView v;
  v.task_queue_ = binder.optional("task_struct", {"se.cfs_rq"});
  v.task_throttled_ = binder.optional("task_struct", {"throttled"});
  v.queue_throttled_ = binder.optional("cfs_rq", {"throttled"});
  v.queue_group_ = binder.optional("cfs_rq", {"tg"});
  v.group_parent_ = binder.optional("task_group", {"parent"});
  v.group_queues_ = binder.optional("task_group", {"cfs_rq"});
  v.group_cgroup_ = binder.optional("task_group", {"css.cgroup"});
  v.quota_ = binder.optional("task_group", {"cfs_bandwidth.quota"});
  v.period_ = binder.optional("task_group", {"cfs_bandwidth.period"});
  v.cgroup_node_ = binder.optional("cgroup", {"kn"});
  v.node_name_ = binder.optional("kernfs_node", {"name"});
  v.node_parent_ = binder.optional("kernfs_node", {"__parent", "parent"});  // v6.15 renamed it
  return v;
}

std::optional<Throttle> CpuBandwidthView::throttle_of(const VirtualMemory& memory, VirtualAddress task,
                                                      std::uint32_t cpu) const {
  const auto innermost = task_queue_.read_pointer(memory, task);
  if (!innermost || innermost->is_null()) return std::nullopt;
  VirtualAddress queue = *innermost;
  const bool taken_off = task_throttled_.read(memory, task).value_or(0) != 0;
  for (int depth = 0; depth < kMostNested; ++depth) {
    const auto group = queue_group_.read_pointer(memory, queue);
    if (!group || group->is_null()) return std::nullopt;
    const auto throttled = queue_throttled_.read(memory, queue);
    if (!throttled) return std::nullopt;
    if (*throttled != 0) {
      Throttle found = describe(memory, *group);
      found.throttled = *throttled;
      found.until_user_mode = taken_off;
      return found;
    }
    const auto parent = group_parent_.read_pointer(memory, *group);
    if (!parent || parent->is_null()) return std::nullopt;
    const auto queues = group_queues_.read_pointer(memory, *parent);
    if (!queues || queues->is_null()) return std::nullopt;
    const auto next = memory.read_pointer(*queues + cpu * kPointerBytes);
    if (!next || next->is_null()) return std::nullopt;
    queue = *next;
  }
  return std::nullopt;
}

Throttle CpuBandwidthView::describe(const VirtualMemory& memory, VirtualAddress group) const {
  Throttle found;
  found.group = path_of(memory, group);
  found.quota = quota_.read(memory, group).value_or(0);
  found.period = period_.read(memory, group).value_or(0);
  return found;
}

std::string CpuBandwidthView::path_of(const VirtualMemory& memory, VirtualAddress group) const {
  const auto cgroup = group_cgroup_.read_pointer(memory, group);
  if (!cgroup || cgroup->is_null()) return {};
  auto node = cgroup_node_.read_pointer(memory, *cgroup);
  std::string path;
  constexpr std::size_t kLongestName = 256;
  for (int depth = 0; depth < kMostNested && node && !node->is_null(); ++depth) {
    const auto name = node_name_.read_pointer(memory, *node);
    const auto text = name ? memory.read_c_string(*name, kLongestName) : ReadResult<std::string>();
    const auto parent = node_parent_.read_pointer(memory, *node);
    if (!text || !parent) return path;
    if (!parent->is_null()) path.insert(0, "/" + *text);  // the root's own name is empty
    node = parent;
  }
  return path;
}

}  // namespace whyhung::kernel
