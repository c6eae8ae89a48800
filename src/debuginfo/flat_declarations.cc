// SPDX-License-Identifier: GPL-2.0-or-later
#include "debuginfo/flat_declarations.h"

#include "debuginfo/member_path.h"

namespace whyhung::debuginfo {
namespace {

using Kind = DeclaredType::Kind;
using Encoding = DeclaredType::Encoding;

constexpr std::size_t kMostTypes = 1u << 18;
constexpr std::uint64_t kPointerBytes = 8;

std::string_view plain_name(std::uint64_t size, bool is_signed) {
  switch (size) {
    case 1: return is_signed ? "signed char" : "unsigned char";
    case 2: return is_signed ? "short" : "unsigned short";
    case 4: return is_signed ? "int" : "unsigned int";
    default: return is_signed ? "long" : "unsigned long";
  }
}

}  // namespace

std::uint64_t FlatDeclarations::add(DeclaredType type) {
  if (types_.size() >= kMostTypes) return 0;
  types_.push_back(std::move(type));
  return types_.size();
}

std::optional<DeclaredType> FlatDeclarations::declared(std::uint64_t id) {
  if (id == 0) return DeclaredType{};
  if (id > types_.size()) return std::nullopt;
  return types_[id - 1];
}

std::optional<std::uint64_t> FlatDeclarations::type_named(std::string_view text) {
  if (const auto known = by_name_.find(text); known != by_name_.end()) return known->second;
  const auto size = source_.size_of(text);
  if (!size) return std::nullopt;
  DeclaredType type;
  const TaggedName name = parse_type_name(text);
  type.name = name.name;
  type.size = *size;
  if (source_.members(text).empty()) {
    const std::uint64_t id = number_type(name.name, *size, false);
    by_name_.emplace(text, id);
    return id;
  }
  type.kind = name.keyword == "union" ? Kind::kUnion : Kind::kStruct;
  const std::uint64_t id = add(std::move(type));
  by_name_.emplace(text, id);
  return id;
}

std::uint64_t FlatDeclarations::number_type(std::string_view name, std::uint64_t size, bool is_signed) {
  DeclaredType type;
  type.kind = Kind::kBase;
  type.name = name.empty() ? plain_name(size, is_signed) : name;
  type.size = size;
  type.is_signed = is_signed;
  if (is_signed) type.encoding = Encoding::kSigned;
  if (type.name == "char" || type.name == "unsigned char" || type.name == "signed char") {
    type.encoding = Encoding::kCharacter;
  }
  if (type.name == "_Bool" || type.name == "bool") type.encoding = Encoding::kBoolean;
  return add(std::move(type));
}

std::uint64_t FlatDeclarations::type_of(const Member& member) {
  const bool is_array = member.element_size != 0 || member.element_count != 0;
  const std::uint64_t size = is_array ? member.element_size : member.size;
  std::uint64_t element = 0;
  if (member.is_pointer) {
    DeclaredType pointer;
    pointer.kind = Kind::kPointer;
    pointer.size = kPointerBytes;
    if (!member.type_name.empty() && member.type_name != "void")
      pointer.target = type_named(member.type_name).value_or(0);
    element = add(std::move(pointer));
  } else if (!member.type_name.empty() && !source_.members(member.type_name).empty()) {
    element = type_named(member.type_name).value_or(0);
  } else {
    element = number_type(member.type_name, size, member.is_signed);
  }
  if (!is_array) return element;
  DeclaredType array;
  array.kind = Kind::kArray;
  array.target = element;
  array.count = member.element_count;
  return add(std::move(array));
}

std::vector<RawMember> FlatDeclarations::members_of(std::uint64_t id) {
  const auto type = declared(id);
  if (!type || !type->is_composite()) return {};
  std::vector<RawMember> members;
  for (const NamedMember& one : source_.members(type->name)) {
    RawMember& member = members.emplace_back();
    member.name = one.name;
    member.type = type_of(one.member);
    member.bits = one.member.offset * 8 + (one.member.bit_size != 0 ? one.member.bit_offset : 0);
    member.bit_size = one.member.bit_size;
  }
  return members;
}

}  // namespace whyhung::debuginfo
