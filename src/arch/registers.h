// SPDX-License-Identifier: GPL-2.0-or-later
// RegisterSet: register values of one moment on one CPU. Which index is which register is the architecture's business;
// a value that was not saved is absent, never zero.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace whyhung::arch {

class RegisterSet {
 public:
  static constexpr std::size_t kMost = 64;

  std::optional<std::uint64_t> get(std::size_t index) const {
    if (index >= kMost || !known_[index]) return std::nullopt;
    return values_[index];
  }
  void set(std::size_t index, std::uint64_t value) {
    if (index >= kMost) return;
    values_[index] = value;
    known_.set(index);
  }
  void forget(std::size_t index) {
    if (index < kMost) known_.reset(index);
  }
  bool empty() const { return known_.none(); }

 private:
  std::array<std::uint64_t, kMost> values_{};
  std::bitset<kMost> known_;
};

}  // namespace whyhung::arch
