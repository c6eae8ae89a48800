// SPDX-License-Identifier: GPL-2.0-or-later
// What a riscv64 function has done to its stack, its return address and s0 when it reaches an instruction, read from
// its own code. A function that was interrupted may not have its frame yet, or not any more, and one that calls nothing
// keeps its return address in ra, with or without a frame.
#pragma once

#include <cstdint>
#include <optional>

#include "base/memory_reader.h"

namespace whyhung::unwind {

struct Riscv64FrameShape {
  // Distances are bytes below the stack pointer that the function was entered with.
  std::optional<std::uint64_t> stack_used = 0;  // of sp; nothing after it was moved by a register
  std::uint64_t link_slot = 0;                  // where ra was stored; 0: nowhere
  std::uint64_t frame_slot = 0;                 // where the caller's s0 was stored; 0: nowhere
  bool has_frame = false;                       // s0 is what sp was on entry; else it is the caller's
  bool link_is_live = true;                     // ra still holds the return address

  bool operator==(const Riscv64FrameShape&) const = default;
};

// The shape in front of the instruction at `pc` of the function [begin, begin + size), along a way that leads there.
// Nothing when no way does, or the code cannot be read.
std::optional<Riscv64FrameShape> riscv64_frame_shape(const VirtualMemory& memory, VirtualAddress begin,
                                                     std::uint64_t size, VirtualAddress pc);

}  // namespace whyhung::unwind
