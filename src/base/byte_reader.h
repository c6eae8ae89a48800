// SPDX-License-Identifier: GPL-2.0-or-later
// ByteReader: the one way to take integers and strings out of untrusted bytes. Reads past the end give zero and set a
// sticky error, so that a parser reads many fields and checks once. Nothing it returns points outside of its bytes.
#pragma once

#include <span>
#include <string_view>

#include "base/endian.h"

namespace whyhung {

class ByteReader {
 public:
  ByteReader(std::span<const std::byte> bytes, ByteOrder order) : bytes_(bytes), order_(order) {}

  template <std::integral T>
  T take() {
    if (!has(sizeof(T))) return T{};
    const T value = load<T>(bytes_.data() + position_, order_);
    position_ += sizeof(T);
    return value;
  }
  std::uint8_t u8() { return take<std::uint8_t>(); }
  std::uint16_t u16() { return take<std::uint16_t>(); }
  std::uint32_t u32() { return take<std::uint32_t>(); }
  std::uint64_t u64() { return take<std::uint64_t>(); }
  std::int32_t i32() { return take<std::int32_t>(); }
  std::int64_t i64() { return take<std::int64_t>(); }

  // The next `count` bytes; empty and an error when fewer are left.
  std::span<const std::byte> bytes(std::size_t count) {
    if (!has(count)) return {};
    const auto taken = bytes_.subspan(position_, count);
    position_ += count;
    return taken;
  }
  // A field of `width` bytes, padded with NULs: the text before the first NUL.
  std::string_view fixed_string(std::size_t width) {
    const auto field = bytes(width);
    const std::string_view text(reinterpret_cast<const char*>(field.data()), field.size());
    return text.substr(0, text.find('\0'));
  }
  // Text up to its NUL, which is consumed; an error when no NUL is left.
  std::string_view c_string() {
    const std::string_view rest(reinterpret_cast<const char*>(bytes_.data()) + position_, bytes_.size() - position_);
    const std::size_t length = rest.find('\0');
    if (failed_ || length == std::string_view::npos) {
      failed_ = true;
      return {};
    }
    position_ += length + 1;
    return rest.substr(0, length);
  }
  void skip(std::size_t count) {
    if (has(count)) position_ += count;
  }
  void seek(std::size_t position) {
    if (position > bytes_.size()) {
      failed_ = true;
      return;
    }
    position_ = position;
  }
  void align(std::size_t power_of_two) {
    const std::size_t aligned = (position_ + power_of_two - 1) & ~(power_of_two - 1);
    seek(aligned);
  }

  std::size_t position() const { return position_; }
  std::size_t remaining() const { return bytes_.size() - position_; }
  // True as long as no read went past the end.
  bool ok() const { return !failed_; }

 private:
  bool has(std::size_t count) {
    if (failed_ || count > bytes_.size() - position_) failed_ = true;
    return !failed_;
  }

  std::span<const std::byte> bytes_;
  std::size_t position_ = 0;
  ByteOrder order_;
  bool failed_ = false;
};

}  // namespace whyhung
