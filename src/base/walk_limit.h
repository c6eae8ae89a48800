// SPDX-License-Identifier: GPL-2.0-or-later
// WalkLimit: the guard of every walk over a structure of the crashed machine. It ends a walk that is too long and one
// that runs in a circle (Brent's method: constant memory, no set of visited nodes).
#pragma once

#include <cstdint>

#include "base/address.h"

namespace whyhung {

class WalkLimit {
 public:
  enum class Verdict : std::uint8_t { kContinue, kCycle, kTooLong };

  explicit WalkLimit(std::uint64_t most_steps) : most_steps_(most_steps) {}

  // To be asked with each node before it is used. A cycle is noticed after at most three times its length.
  Verdict step(VirtualAddress node) {
    if (steps_ != 0 && node == landmark_) return Verdict::kCycle;
    if (steps_ == most_steps_) return Verdict::kTooLong;
    if (steps_ == next_landmark_) {
      landmark_ = node;
      next_landmark_ = next_landmark_ == 0 ? 1 : next_landmark_ * 2;
    }
    ++steps_;
    return Verdict::kContinue;
  }
  std::uint64_t steps() const { return steps_; }

 private:
  std::uint64_t most_steps_;
  std::uint64_t steps_ = 0;
  std::uint64_t next_landmark_ = 0;
  VirtualAddress landmark_;
};

}  // namespace whyhung
