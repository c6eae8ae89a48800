// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/riscv64_code.h"

#include <algorithm>
#include <vector>

#include "arch/riscv64.h"
#include "arch/riscv64_code.h"

namespace whyhung::unwind {
namespace {

namespace riscv64 = arch::riscv64;
using arch::RiscvInstruction;
using arch::RiscvKind;

constexpr std::uint64_t kMostFunctionBytes = 64 * 1024;
constexpr std::uint64_t kHalfWord = 2;

struct State {
  Riscv64FrameShape shape;
  std::uint64_t used_before = 0;  // when a register moved sp, until one moves it back
};

void move_stack(const RiscvInstruction& one, State& state) {
  auto& used = state.shape.stack_used;
  const auto amount = static_cast<std::uint64_t>(one.immediate);
  if (one.kind == RiscvKind::kAddImmediate && one.rs1 == riscv64::kSp) {
    if (used) *used -= amount;
  } else if (one.kind == RiscvKind::kAddImmediate && one.rs1 == riscv64::kFramePointer && state.shape.has_frame) {
    used = 0 - amount;
  } else if (one.kind == RiscvKind::kAdd && used) {
    // A frame that is too large for a constant is made, and later given back, in two steps.
    state.used_before = *used;
    used.reset();
  } else {
    used = state.used_before;
  }
}

void apply(const RiscvInstruction& one, State& state) {
  Riscv64FrameShape& shape = state.shape;
  const bool by_stack = one.rs1 == riscv64::kSp;
  if (one.kind == RiscvKind::kStore && by_stack && shape.stack_used) {
    const std::uint64_t slot = *shape.stack_used - static_cast<std::uint64_t>(one.immediate);
    if (one.rs2 == riscv64::kLink && shape.link_is_live) shape.link_slot = slot;
    if (one.rs2 == riscv64::kFramePointer && !shape.has_frame) shape.frame_slot = slot;
  } else if (one.rd == riscv64::kLink) {
    shape.link_is_live = one.kind == RiscvKind::kLoad && by_stack && shape.link_slot != 0;
  } else if (one.rd == riscv64::kFramePointer) {
    const bool restores = one.kind == RiscvKind::kLoad && by_stack;
    const bool makes = one.kind == RiscvKind::kAddImmediate && by_stack && shape.frame_slot != 0 &&
                       shape.stack_used == static_cast<std::uint64_t>(one.immediate);
    if (restores) shape.has_frame = false;
    if (makes) shape.has_frame = true;
  } else if (one.rd == riscv64::kSp) {
    move_stack(one, state);
  }
}

}  // namespace

std::optional<Riscv64FrameShape> riscv64_frame_shape(const VirtualMemory& memory, VirtualAddress begin,
                                                     std::uint64_t size, VirtualAddress pc) {
  const std::uint64_t wanted = pc - begin;
  if (size == 0 || wanted >= size || wanted % kHalfWord != 0) return std::nullopt;
  std::vector<std::byte> code(std::min(size, kMostFunctionBytes));
  if (wanted >= code.size() || !memory.read(begin, code)) return std::nullopt;
  // Breadth first, each instruction once: of two ways to one instruction compilers make the same frame.
  std::vector<bool> seen(code.size() / kHalfWord + 1, false);
  std::vector<std::pair<std::uint64_t, State>> pending = {{0, State{}}};
  seen[0] = true;
  for (std::size_t next = 0; next < pending.size(); ++next) {
    const std::uint64_t at = pending[next].first;
    State state = pending[next].second;
    if (at == wanted) return state.shape;
    const auto one = arch::decode_riscv(std::span(code).subspan(at));
    if (!one) continue;
    const auto go = [&](std::uint64_t to) {
      if (to >= code.size() || to % kHalfWord != 0 || seen[to / kHalfWord]) return;
      seen[to / kHalfWord] = true;
      pending.emplace_back(to, state);
    };
    apply(*one, state);
    const arch::Flow flow = one->flow();
    if (flow == arch::Flow::kNext || flow == arch::Flow::kCall || flow == arch::Flow::kConditionalJump) {
      go(at + one->size);
    }
    const bool jumps = one->kind == RiscvKind::kBranch || one->kind == RiscvKind::kJump;
    if (jumps && flow != arch::Flow::kCall) go(at + static_cast<std::uint64_t>(one->immediate));
  }
  return std::nullopt;
}

}  // namespace whyhung::unwind
