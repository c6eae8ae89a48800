// SPDX-License-Identifier: GPL-2.0-or-later
// DeclaredType: one type as its source declares it, with the typedefs, qualifiers, parameters and enumerators that
// layouts do without; DeclarationSource: where such types come from. For showing types and values. Ids are those of the
// source.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "debuginfo/layout_reader.h"

namespace whyhung::debuginfo {

struct DeclaredType {
  enum class Kind : std::uint8_t {
    kVoid,
    kBase,
    kPointer,
    kArray,
    kStruct,
    kUnion,
    kEnum,
    kTypedef,
    kConst,
    kVolatile,
    kRestrict,
    kPrototype,    // a function's type; its result is the target
    kTransparent,  // a tag that means nothing to C
  };
  // What a base type's bits mean.
  enum class Encoding : std::uint8_t { kUnsigned, kSigned, kCharacter, kBoolean, kFloat };
  struct Parameter {
    std::string name;  // may be empty
    std::uint64_t type = 0;
  };

  Kind kind = Kind::kVoid;
  std::string name;          // empty: none
  std::uint64_t size = 0;    // bytes of base types, enums, structs, unions, pointers
  std::uint64_t target = 0;  // what a pointer, array, typedef, qualifier or prototype refers to
  std::uint64_t count = 0;   // elements of an array; 0: flexible
  bool is_complete = true;   // false: only declared, nothing of it is known but its name
  bool is_signed = false;    // base types and enums
  Encoding encoding = Encoding::kUnsigned;
  bool takes_more = false;  // a prototype that ends with "..."
  std::vector<Parameter> parameters;
  std::vector<std::pair<std::string, std::int64_t>> enumerators;

  bool is_composite() const { return kind == Kind::kStruct || kind == Kind::kUnion; }
  // Another name or a qualifier of its target.
  bool is_transparent() const {
    return kind == Kind::kTypedef || kind == Kind::kConst || kind == Kind::kVolatile || kind == Kind::kRestrict ||
           kind == Kind::kTransparent;
  }
};

class DeclarationSource {
 public:
  virtual ~DeclarationSource() = default;
  // Nothing for an id that leads nowhere. 0 is void.
  virtual std::optional<DeclaredType> declared(std::uint64_t id) = 0;
  // Of a struct or union, in order of declaration; empty when they cannot be read.
  virtual std::vector<RawMember> members_of(std::uint64_t id) = 0;
  // A struct, union, enum, typedef or base type. A name may say "struct ", "union " or "enum " before it.
  virtual std::optional<std::uint64_t> type_named(std::string_view name) = 0;
  // The types of a variable and of a function, where the source tells them.
  virtual std::optional<std::uint64_t> variable_type(std::string_view name) = 0;
  virtual std::optional<std::uint64_t> function_type(std::string_view name) = 0;
  // Calls `visit` with the name of each struct, union, enum and typedef until it says false.
  virtual void visit_names(const std::function<bool(std::string_view)>& visit) = 0;
};

// A type in the source that knows it.
struct TypeRef {
  DeclarationSource* source = nullptr;
  std::uint64_t id = 0;
};

}  // namespace whyhung::debuginfo
