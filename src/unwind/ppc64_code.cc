// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/ppc64_code.h"

#include <algorithm>
#include <vector>

#include "arch/ppc64_branch.h"

namespace whyhung::unwind {
namespace {

constexpr std::uint64_t kMostFunctionBytes = 64 * 1024;
constexpr std::uint64_t kLinkSlot = 16;  // where a caller's frame keeps the return address of what it called

struct State {
  Ppc64FrameShape shape;
  bool link_in_r0 = false;
};

unsigned opcode(std::uint32_t code) {
  return code >> 26;
}
unsigned field(std::uint32_t code, unsigned from_top, unsigned bits) {
  return code >> (32 - from_top - bits) & ((1u << bits) - 1);
}
std::int64_t low16(std::uint32_t code) {
  return static_cast<std::int16_t>(code & 0xffff);
}

void apply(std::uint32_t code, State& state) {
  constexpr std::uint32_t kMflrR0 = 0x7c0802a6;
  constexpr std::uint32_t kMtlrMask = 0xfc1fffff;
  constexpr std::uint32_t kMtlr = 0x7c0803a6;
  Ppc64FrameShape& shape = state.shape;
  const bool is_ds = opcode(code) == 62;  // std, stdu
  const bool base_is_r1 = field(code, 11, 5) == 1;
  if (code == kMflrR0) {
    state.link_in_r0 = shape.link_is_live;
  } else if ((code & kMtlrMask) == kMtlr) {
    shape.link_is_live = shape.link_is_saved;
  } else if (is_ds && base_is_r1 && (code & 3) == 1 && field(code, 6, 5) == 1) {  // stdu r1,-N(r1)
    const std::int64_t displacement = low16(code) & ~std::int64_t{3};
    if (displacement < 0) shape.frame_size += static_cast<std::uint64_t>(-displacement);
  } else if (is_ds && base_is_r1 && (code & 3) == 0 && field(code, 6, 5) == 0 && state.link_in_r0) {  // std r0,M(r1)
    const std::int64_t displacement = low16(code) & ~std::int64_t{3};
    if (displacement == static_cast<std::int64_t>(shape.frame_size + kLinkSlot)) shape.link_is_saved = true;
  } else if (opcode(code) == 14 && field(code, 6, 5) == 1 && base_is_r1) {  // addi r1,r1,N
    const std::int64_t amount = low16(code);
    if (amount > 0 && static_cast<std::uint64_t>(amount) <= shape.frame_size) {
      shape.frame_size -= static_cast<std::uint64_t>(amount);
    }
  }
}

}  // namespace

std::optional<Ppc64FrameShape> ppc64_frame_shape(const VirtualMemory& memory, VirtualAddress begin, std::uint64_t size,
                                                 VirtualAddress pc) {
  const std::uint64_t wanted = pc - begin;
  if (size == 0 || wanted >= size || wanted % 4 != 0) return std::nullopt;
  std::vector<std::byte> code(std::min(size, kMostFunctionBytes) & ~std::uint64_t{3});
  if (wanted >= code.size() || !memory.read(begin, code)) return std::nullopt;
  // Breadth first, each instruction once: of two ways to one instruction compilers make the same frame.
  std::vector<bool> seen(code.size() / 4, false);
  std::vector<std::pair<std::uint64_t, State>> pending = {{0, State{}}};
  seen[0] = true;
  for (std::size_t next = 0; next < pending.size(); ++next) {
    const std::uint64_t at = pending[next].first;
    State state = pending[next].second;
    if (at == wanted) return state.shape;
    const auto word = load<std::uint32_t>(code.data() + at, memory.byte_order());
    const auto go = [&](std::uint64_t to) {
      if (to >= code.size() || seen[to / 4]) return;
      seen[to / 4] = true;
      pending.emplace_back(to, state);
    };
    const auto branch = arch::decode_ppc64_branch(word);
    if (!branch) {
      apply(word, state);
      go(at + 4);
      continue;
    }
    if (branch->links || branch->asks_for_pc) state.shape.link_is_live = false;
    if (branch->falls_through) go(at + 4);
    if (branch->displacement && !branch->links) go(at + static_cast<std::uint64_t>(*branch->displacement));
  }
  return std::nullopt;
}

}  // namespace whyhung::unwind
