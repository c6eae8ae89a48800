// SPDX-License-Identifier: GPL-2.0-or-later
// The one bounded loop over stack frames. How to get from one frame to its caller is a Stepper's knowledge: ORC, frame
// records and back chains are steppers.
#pragma once

#include <variant>

#include "arch/architecture.h"
#include "base/memory_reader.h"
#include "unwind/frame.h"
#include "unwind/return_hooks.h"

namespace whyhung::unwind {

// Where a walk stands: registers as far as they are known at this frame.
struct FrameState {
  arch::RegisterSet registers;
  bool pc_is_exact = false;
  FrameSource source = FrameSource::kRegisters;
  std::optional<VirtualAddress> saved_at;
};

struct EndOfStack {
  StackEnd reason;
  std::string detail;
};

class Stepper {
 public:
  virtual ~Stepper() = default;
  // The caller of `state`, or why there is none. A state in user mode is returned as such: the loop ends there.
  virtual std::variant<FrameState, EndOfStack> step(const FrameState& state) = 0;
};

// Walks from `registers`. `pc_is_exact` says whether the program counter is an instruction that was interrupted (true)
// or one that will be returned to (false: a task that was switched out).
struct WalkStart {
  arch::RegisterSet registers;
  bool pc_is_exact = true;
  VirtualAddress task = {};  // whose stack it is, where that is known: it has what tracers took from the stack
};
// Without `hooks` a tracer's trampoline is a frame like any other.
Stack walk_stack(const arch::Architecture& architecture, Stepper& stepper, const WalkStart& start,
                 ReturnHooks* hooks = nullptr);

inline constexpr std::size_t kMostFrames = 256;

}  // namespace whyhung::unwind
