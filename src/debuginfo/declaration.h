// SPDX-License-Identifier: GPL-2.0-or-later
// Types written as C declares them, in the form that gdb and crash print: "struct list_head *next;", whole structures
// with or without the offsets of their members.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "debuginfo/declared_type.h"

namespace whyhung::debuginfo {

// Types of one source, each read once. Ids that lead nowhere are void; chains of names and qualifiers are bounded.
class Declarations {
 public:
  // `source` must outlive this.
  explicit Declarations(DeclarationSource& source) : source_(&source) {}
  const DeclaredType& at(std::uint64_t id);
  // Behind typedefs and qualifiers.
  const DeclaredType& resolved(std::uint64_t id) { return at(resolved_id(id)); }
  std::uint64_t resolved_id(std::uint64_t id);
  // Empty when they cannot be read.
  std::vector<RawMember> members_of(std::uint64_t id) { return source_->members_of(id); }
  // Bytes of a type, arrays multiplied; nothing for what has no size.
  std::optional<std::uint64_t> size_of(std::uint64_t id);

 private:
  DeclarationSource* source_;
  std::unordered_map<std::uint64_t, DeclaredType> known_;
};

// "struct foo *name", "int (*name)(void *)", "char name[16]"; without a name the type alone.
std::string declare(Declarations& types, std::uint64_t id, std::string_view name);

enum class MemberOffsets : std::uint8_t { kHide, kDecimal, kHexadecimal };

// A struct, union or enum with all that is in it, without the semicolon behind it; other types in one line. `base` is
// added to all offsets shown: the address of an object, or 0.
std::string declare_whole(Declarations& types, std::uint64_t id, MemberOffsets offsets, std::uint64_t base);
// One line for a member: "   [16] struct list_head wait_list;".
std::string declare_member(Declarations& types, const RawMember& member, MemberOffsets offsets, std::uint64_t base,
                           std::size_t width);

}  // namespace whyhung::debuginfo
