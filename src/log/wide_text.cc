// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/wide_text.h"

#include "log/transport.h"

namespace whyhung::log {

std::optional<WideText> WideText::from_mark(std::span<const std::byte> beginning) {
  if (beginning.size() < 2) return std::nullopt;
  const auto first = std::to_integer<std::uint8_t>(beginning[0]);
  const auto second = std::to_integer<std::uint8_t>(beginning[1]);
  if (first == 0xff && second == 0xfe) return WideText(false);
  if (first == 0xfe && second == 0xff) return WideText(true);
  return std::nullopt;
}

std::string WideText::narrow(std::span<const std::byte> bytes) {
  constexpr std::uint32_t kMark = 0xfeff;
  std::string out;
  for (const std::byte byte : bytes) {
    const auto value = std::to_integer<std::uint8_t>(byte);
    if (!half_) {
      half_ = value;
      continue;
    }
    const std::uint32_t first = *half_;
    const std::uint32_t second = value;
    const std::uint32_t code = big_ ? first << 8 | second : second << 8 | first;
    half_.reset();
    // Letters beyond the first 65536 come in two halves; no word of the kernel's has any.
    const bool is_half = code >= 0xd800 && code < 0xe000;
    if (code != kMark) append_utf8(out, is_half ? '?' : code);
  }
  return out;
}

}  // namespace whyhung::log
