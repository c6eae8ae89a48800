// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/waiter_record.h"

#include <algorithm>
#include <array>

#include "base/walk_limit.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kMostWaiters = 1u << 20;
constexpr std::uint64_t kWord = sizeof(std::uint64_t);
// Of the waiting function and what it called: the frames of a sleeper down to its record take a few hundred bytes.
constexpr std::size_t kMostStackBytes = 4096;

bool links_are_sound(const VirtualMemory& memory, VirtualAddress node) {
  const auto next = memory.read_pointer(node);
  const auto previous = memory.read_pointer(node + kWord);
  if (!next || !previous) return false;
  const auto back = memory.read_pointer(*next + kWord);
  const auto forth = memory.read_pointer(*previous);
  return back && forth && *back == node && *forth == node;
}

}  // namespace

void each_on_stack(const VirtualMemory& memory, VirtualRange stack, std::uint64_t value,
                   const std::function<bool(VirtualAddress)>& visit) {
  if (stack.empty()) return;
  std::array<std::byte, kMostStackBytes> bytes;
  const std::size_t length = std::min<std::uint64_t>(stack.end - stack.begin, bytes.size()) / kWord * kWord;
  if (!memory.read(stack.begin, std::span(bytes).first(length))) return;
  for (std::size_t at = 0; at < length; at += kWord) {
    if (load<std::uint64_t>(bytes.data() + at, memory.byte_order()) != value) continue;
    if (!visit(stack.begin + at)) return;
  }
}

std::optional<VirtualAddress> find_waiter_record(const VirtualMemory& memory, const WaiterRecordLayout& layout,
                                                 VirtualAddress task, VirtualRange stack,
                                                 const std::function<bool(VirtualAddress)>& accept) {
  std::optional<VirtualAddress> found;
  if (!layout.usable()) return found;
  each_on_stack(memory, stack, task.value, [&](VirtualAddress slot) {
    const VirtualAddress record = layout.task.container(slot);
    if (!links_are_sound(memory, layout.list.in(record)) || (accept && !accept(record))) return true;
    found = record;
    return false;
  });
  return found;
}

std::optional<WaiterRing> walk_waiter_ring(const VirtualMemory& memory, VirtualAddress first_node,
                                           const std::function<bool(VirtualAddress)>& is_record) {
  WaiterRing ring;
  ring.nodes.push_back(first_node);
  WalkLimit limit(kMostWaiters);
  auto node = memory.read_pointer(first_node);
  while (node && *node != first_node) {
    if (limit.step(*node) != WalkLimit::Verdict::kContinue) return std::nullopt;
    if (is_record(*node)) {
      ring.nodes.push_back(*node);
    } else if (!ring.head) {
      ring.head = *node;
    } else {
      return std::nullopt;
    }
    node = memory.read_pointer(*node);
  }
  if (!node) return std::nullopt;
  return ring;
}

std::optional<QueuedWaiter> find_queued_waiter(const VirtualMemory& memory, const WaiterRecordLayout& layout,
                                               VirtualAddress task, VirtualRange stack,
                                               const std::function<bool(VirtualAddress)>& is_task) {
  std::optional<WaiterRing> ring;
  const auto record = find_waiter_record(memory, layout, task, stack, [&](VirtualAddress candidate) {
    ring = walk_waiter_ring(memory, layout.list.in(candidate), [&](VirtualAddress node) {
      const auto owner = layout.task.read_pointer(memory, layout.list.container(node));
      return owner && is_task(*owner);
    });
    return ring && ring->head;
  });
  if (!record) return std::nullopt;
  return QueuedWaiter{*record, *ring->head, ring->nodes.size()};
}

}  // namespace whyhung::kernel
