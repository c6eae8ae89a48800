// SPDX-License-Identifier: GPL-2.0-or-later
#include "debuginfo/type_source.h"

namespace whyhung::debuginfo {

std::optional<std::uint64_t> bit_field_value(const Member& member, std::span<const std::byte> bytes, ByteOrder order) {
  const std::size_t count = bit_field_bytes(member);
  // Nine bytes at most: 64 bits that do not begin at a byte.
  if (member.bit_size == 0 || member.bit_size > 64 || member.bit_offset > 7 || count > bytes.size())
    return std::nullopt;
  std::uint64_t value = 0;
  for (std::uint32_t bit = 0; bit < member.bit_size; ++bit) {
    const std::uint32_t at = member.bit_offset + bit;
    const auto byte = std::to_integer<std::uint64_t>(bytes[at / 8]);
    if (order == ByteOrder::kLittle) {
      value |= (byte >> at % 8 & 1) << bit;
    } else {
      value = value << 1 | (byte >> (7 - at % 8) & 1);
    }
  }
  return value;
}

std::string TypeChain::description() const {
  std::string text;
  for (const auto& source : sources_) {
    if (!text.empty()) text += ", then ";
    text += source->description();
  }
  return text.empty() ? "no source of types" : text;
}

void TypeChain::prepare(std::span<const std::string_view> types, std::span<const std::string_view> enumerators) {
  // The later sources are there for what the first lacks; searching them for everything would be wasted.
  if (!sources_.empty()) sources_.front()->prepare(types, enumerators);
}

std::optional<std::uint64_t> TypeChain::size_of(std::string_view type) {
  for (const auto& source : sources_) {
    if (const auto size = source->size_of(type)) return size;
  }
  return std::nullopt;
}

std::optional<Member> TypeChain::member(std::string_view type, std::string_view path) {
  for (const auto& source : sources_) {
    if (source->size_of(type)) return source->member(type, path);
  }
  return std::nullopt;
}

std::optional<std::int64_t> TypeChain::enumerator(std::string_view name) {
  for (const auto& source : sources_) {
    if (const auto value = source->enumerator(name)) return value;
  }
  return std::nullopt;
}

std::vector<NamedMember> TypeChain::members(std::string_view type) {
  for (const auto& source : sources_) {
    if (source->size_of(type)) return source->members(type);
  }
  return {};
}

std::optional<std::uint64_t> TypeChain::per_cpu_offset(std::string_view variable) {
  for (const auto& source : sources_) {
    if (const auto offset = source->per_cpu_offset(variable)) return offset;
  }
  return std::nullopt;
}

}  // namespace whyhung::debuginfo
