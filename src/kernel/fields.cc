// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/fields.h"

#include <algorithm>
#include <array>

namespace whyhung::kernel {
namespace {

constexpr std::size_t kMostText = 4096;

tl::unexpected<ReadFault> no_such_field(VirtualAddress base) {
  return tl::unexpected(ReadFault{FaultKind::kNoSuchField, base.value});
}

}  // namespace

ReadResult<std::uint64_t> Field::read(const VirtualMemory& memory, VirtualAddress base) const {
  if (!exists_) return no_such_field(base);
  if (member_.bit_size == 0) return memory.read_unsigned(in(base), member_.size);
  std::array<std::byte, 16> bytes{};
  const std::size_t count = debuginfo::bit_field_bytes(member_);
  if (count > bytes.size()) return no_such_field(base);
  const auto field_bytes = std::span(bytes).first(count);
  if (const auto done = memory.read(in(base), field_bytes); !done) return tl::unexpected(done.error());
  const auto value = debuginfo::bit_field_value(member_, field_bytes, memory.byte_order());
  if (!value) return no_such_field(base);
  return *value;
}

ReadResult<std::int64_t> Field::read_signed(const VirtualMemory& memory, VirtualAddress base) const {
  const auto value = read(memory, base);
  if (!value) return tl::unexpected(value.error());
  const std::uint64_t bits = member_.bit_size != 0 ? member_.bit_size : member_.size * 8;
  if (bits == 0 || bits >= 64) return static_cast<std::int64_t>(*value);
  const std::uint64_t sign = 1ull << (bits - 1);
  return static_cast<std::int64_t>((*value ^ sign) - sign);
}

ReadResult<VirtualAddress> Field::read_pointer(const VirtualMemory& memory, VirtualAddress base) const {
  const auto value = read(memory, base);
  if (!value) return tl::unexpected(value.error());
  return VirtualAddress(*value);
}

ReadResult<std::string> Field::read_text(const VirtualMemory& memory, VirtualAddress base) const {
  if (!exists_) return tl::unexpected(ReadFault{FaultKind::kNoSuchField, base.value});
  return memory.read_c_string(in(base), std::min<std::size_t>(member_.size, kMostText));
}

Field Binder::required(std::string_view type, std::initializer_list<std::string_view> paths) {
  if (auto field = first_of(type, paths)) return *std::move(field);
  missing_.push_back(fmt::format("{}.{}", type, paths.size() == 0 ? "" : *paths.begin()));
  return {};
}

Field Binder::optional(std::string_view type, std::initializer_list<std::string_view> paths) {
  if (auto field = first_of(type, paths)) return *std::move(field);
  absent_.push_back(fmt::format("{}.{}", type, paths.size() == 0 ? "" : *paths.begin()));
  return {};
}

std::optional<Field> Binder::first_of(std::string_view type, std::initializer_list<std::string_view> paths) {
  for (const std::string_view path : paths) {
    if (auto member = types_.member(type, path)) {
      ++bound_;
      return Field(*std::move(member), fmt::format("{}.{}", type, path));
    }
  }
  return std::nullopt;
}

}  // namespace whyhung::kernel
