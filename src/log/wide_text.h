// SPDX-License-Identifier: GPL-2.0-or-later
// Text of two bytes a letter, as some shells write what a program prints, made into UTF-8 piece by piece.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace whyhung::log {

class WideText {
 public:
  // Nothing when the bytes do not begin with the mark of such a text.
  static std::optional<WideText> from_mark(std::span<const std::byte> beginning);

  std::string narrow(std::span<const std::byte> bytes);

 private:
  explicit WideText(bool big) : big_(big) {}

  bool big_;
  std::optional<std::uint8_t> half_;  // of a letter whose other byte has not come yet
};

}  // namespace whyhung::log
