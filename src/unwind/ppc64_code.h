// SPDX-License-Identifier: GPL-2.0-or-later
// What a ppc64le function has done to its stack and its return address when it reaches an instruction, read from its
// own code: POWER has no unwind tables, and a leaf that was interrupted has neither a frame nor a saved return address.
#pragma once

#include <cstdint>
#include <optional>

#include "base/memory_reader.h"

namespace whyhung::unwind {

struct Ppc64FrameShape {
  std::uint64_t frame_size = 0;  // bytes that r1 was moved by; 0: no frame (yet, or any more)
  bool link_is_saved = false;    // the return address stands in the caller's frame
  bool link_is_live = true;      // LR still holds the return address

  bool operator==(const Ppc64FrameShape&) const = default;
};

// The shape in front of the instruction at `pc` of the function [begin, begin + size), along a way that leads there.
// Nothing when no way does, or the code cannot be read.
std::optional<Ppc64FrameShape> ppc64_frame_shape(const VirtualMemory& memory, VirtualAddress begin, std::uint64_t size,
                                                 VirtualAddress pc);

}  // namespace whyhung::unwind
