// SPDX-License-Identifier: GPL-2.0-or-later
// Byte order as data. The only file that knows the order of the host: everywhere else the order belongs to the dump or
// to the format being read, so that any host reads any machine's dump.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace whyhung {

enum class ByteOrder : std::uint8_t { kLittle, kBig };

template <std::integral T>
constexpr T byte_swap(T value) {
  if constexpr (sizeof(T) == 1) return value;
  if constexpr (sizeof(T) == 2) return static_cast<T>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
  if constexpr (sizeof(T) == 4) return static_cast<T>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
  if constexpr (sizeof(T) == 8) return static_cast<T>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
}

// Reads an integer from bytes that need not be aligned. The caller has checked that sizeof(T) bytes are there.
template <std::integral T>
T load(const std::byte* bytes, ByteOrder order) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  const bool host_is_little = std::endian::native == std::endian::little;
  return (order == ByteOrder::kLittle) == host_is_little ? value : byte_swap(value);
}

template <std::integral T>
void store(std::byte* bytes, T value, ByteOrder order) {
  const bool host_is_little = std::endian::native == std::endian::little;
  if ((order == ByteOrder::kLittle) != host_is_little) value = byte_swap(value);
  std::memcpy(bytes, &value, sizeof value);
}

}  // namespace whyhung
