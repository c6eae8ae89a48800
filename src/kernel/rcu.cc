// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/rcu.h"

#include <algorithm>

#include "kernel/list.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kStateBits = 3;  // low bits of gp_seq: 0 when no grace period is under way
constexpr std::uint64_t kMostNodes = 4096;
constexpr std::uint64_t kMostTasks = 4096;

struct NodeView {
  Field mask, low, high, level, blocking, blocked, entry;
};

void read_tasks(const Access& access, const NodeView& view, VirtualAddress node, GracePeriod& period) {
  // gp_tasks points to the first task in the list that blocks the present grace period; all behind it do too.
  const auto first = view.blocking.read_pointer(access.memory, node);
  if (!first || first->is_null() || !view.blocked.exists() || !view.entry.exists()) return;
  const ListWalk readers = walk_list(access.memory, view.blocked.in(node), kMostTasks);
  for (auto entry = std::ranges::find(readers.nodes, *first); entry != readers.nodes.end(); ++entry) {
    period.tasks.push_back(view.entry.container(*entry));
  }
}

}  // namespace

std::optional<GracePeriod> read_grace_period(const Access& access, Binder& binder) {
  const auto state = access.symbols.address_of("rcu_state");
  const Field nodes = binder.optional("rcu_state", {"node"});
  const Field sequence = binder.optional("rcu_state", {"gp_seq"});
  const auto node_size = access.types.size_of("rcu_node");
  NodeView view;
  view.mask = binder.optional("rcu_node", {"qsmask"});
  view.low = binder.optional("rcu_node", {"grplo"});
  view.high = binder.optional("rcu_node", {"grphi"});
  view.level = binder.optional("rcu_node", {"level"});
  view.blocking = binder.optional("rcu_node", {"gp_tasks"});
  view.blocked = binder.optional("rcu_node", {"blkd_tasks"});
  view.entry = binder.optional("task_struct", {"rcu_node_entry"});
  if (!state || !nodes.exists() || !sequence.exists() || !node_size || *node_size == 0 || !view.mask.exists() ||
      !view.low.exists() || !view.high.exists() || !view.level.exists()) {
    return std::nullopt;
  }
  GracePeriod period;
  period.state = *state;
  const auto number = sequence.read(access.memory, *state);
  if (!number) return std::nullopt;
  period.sequence = *number;
  period.active = (*number & kStateBits) != 0;
  std::uint64_t count = std::min(nodes.size() / *node_size, kMostNodes);
  // The array is made for the most CPUs that the kernel can have; how much of it is in use, the kernel notes.
  if (const auto used = access.symbols.address_of("rcu_num_nodes")) {
    const auto value = access.memory.read_u32(*used);
    if (value) count = std::min<std::uint64_t>(count, *value);
  }
  std::uint64_t leaf_level = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    leaf_level = std::max(leaf_level, view.level.read(access.memory, nodes.in(*state) + i * *node_size).value_or(0));
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    const VirtualAddress node = nodes.in(*state) + i * *node_size;
    if (view.level.read(access.memory, node).value_or(0) != leaf_level) continue;
    read_tasks(access, view, node, period);
    const auto mask = view.mask.read(access.memory, node);
    const auto low = view.low.read(access.memory, node);
    const auto high = view.high.read(access.memory, node);
    if (!mask || !low || !high) continue;
    for (std::uint64_t bit = 0; bit < 64 && *low + bit <= *high; ++bit) {
      if ((*mask >> bit & 1) != 0) period.cpus.push_back(static_cast<std::uint32_t>(*low + bit));
    }
  }
  return period;
}

}  // namespace whyhung::kernel
