// SPDX-License-Identifier: GPL-2.0-or-later
// Bytes of a fuzzer's input handed on as a file's come: in pieces whose sizes the input chooses.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

namespace whyhung::fuzz {

// The first byte says how long the pieces are, from 1 to 256 bytes and then twice as long each time; the rest is what
// is handed on. `take` returns false to end it.
template <typename Take>
void in_pieces(std::span<const std::byte> input, Take take) {
  if (input.empty()) return;
  std::size_t length = std::to_integer<std::size_t>(input[0]) + 1;
  std::span<const std::byte> rest = input.subspan(1);
  while (!rest.empty()) {
    const std::size_t count = std::min(length, rest.size());
    if (!take(rest.first(count))) return;
    rest = rest.subspan(count);
    length *= 2;
  }
}

}  // namespace whyhung::fuzz
