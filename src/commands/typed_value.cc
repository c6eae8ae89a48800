// SPDX-License-Identifier: GPL-2.0-or-later
// A typed value as JSON: objects for structures, arrays for arrays, numbers and names for the rest.
#include "commands/typed_value.h"

#include <algorithm>

#include "base/text.h"
#include "commands/typed.h"

namespace whyhung::commands {
namespace {

using Kind = debuginfo::DeclaredType::Kind;
using Encoding = debuginfo::DeclaredType::Encoding;

constexpr unsigned kDeepest = 24;
constexpr std::size_t kMostElements = 1024;
constexpr std::size_t kMostValues = 1u << 16;

class Maker {
 public:
  Maker(const Call& call, debuginfo::Declarations& types, Numbers numbers)
      : call_(call), types_(types), numbers_(numbers) {}

  Value value(std::uint64_t id, std::span<const std::byte> bytes, unsigned depth) {
    const std::uint64_t inner = types_.resolved_id(id);
    const debuginfo::DeclaredType type = types_.at(inner);
    if (depth >= kDeepest || ++made_ > kMostValues) return {};
    switch (type.kind) {
      case Kind::kStruct:
      case Kind::kUnion: return structure(inner, bytes, depth);
      case Kind::kArray: return array(type, bytes, depth);
      default: return scalar(type, inner, bytes, 0, 0);
    }
  }

  Value member(const debuginfo::RawMember& member, std::span<const std::byte> bytes, unsigned depth) {
    const std::uint64_t begin = member.bits / 8;
    if (begin > bytes.size()) return {};
    if (member.bit_size == 0) return value(member.type, bytes.subspan(begin), depth);
    const std::uint64_t inner = types_.resolved_id(member.type);
    return scalar(types_.at(inner), inner, bytes.subspan(begin), static_cast<std::uint32_t>(member.bits % 8),
                  member.bit_size);
  }

 private:
  Value structure(std::uint64_t id, std::span<const std::byte> bytes, unsigned depth) {
    Value object = Value::object();
    for (const debuginfo::RawMember& one : types_.members_of(id)) {
      Value inner = member(one, bytes, depth + 1);
      if (!one.name.empty()) {
        object.set(one.name, std::move(inner));
      } else if (const auto* members = inner.members()) {
        for (const auto& [name, value] : *members) object.set(name, value);
      }
    }
    return object;
  }

  Value array(const debuginfo::DeclaredType& type, std::span<const std::byte> bytes, unsigned depth) {
    const std::uint64_t size = types_.size_of(type.target).value_or(0);
    Value values = Value::array();
    if (size == 0) return values;
    const std::uint64_t count = std::min<std::uint64_t>(type.count, bytes.size() / size);
    const debuginfo::DeclaredType& element = types_.resolved(type.target);
    if (element.kind == Kind::kBase && element.encoding == Encoding::kCharacter) {
      const std::string_view text(reinterpret_cast<const char*>(bytes.data()), count);
      return text.substr(0, text.find('\0'));
    }
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(count, kMostElements); ++i) {
      values.push(value(type.target, bytes.subspan(i * size, size), depth + 1));
    }
    return values;
  }

  Value scalar(const debuginfo::DeclaredType& type, std::uint64_t id, std::span<const std::byte> bytes,
               std::uint32_t bit_offset, std::uint32_t bit_size) {
    const auto number =
        debuginfo::scalar_value(types_, id, bytes, bit_offset, bit_size, call_.machine().access.memory.byte_order());
    if (!number) return {};
    if (type.kind == Kind::kPointer) return numbers_ == Numbers::kExact ? Value(*number) : Value::address(*number);
    if (type.kind == Kind::kEnum) {
      const std::string name = debuginfo::enumerator_text(type, *number);
      if (!name.empty()) return name;
    }
    if (type.encoding == Encoding::kBoolean && *number <= 1) return *number != 0;
    if (type.is_signed) return static_cast<std::int64_t>(*number);
    // Numbers beyond 2^53 would not survive in other readers of JSON.
    const bool is_safe = numbers_ == Numbers::kExact || *number >> 53 == 0;
    return is_safe ? Value(*number) : Value::address(*number);
  }

  const Call& call_;
  debuginfo::Declarations& types_;
  Numbers numbers_;
  std::size_t made_ = 0;
};

}  // namespace

Result<Value> value_of(const Call& call, const Typed& typed, Numbers numbers) {
  if (typed.is_pointer() || !typed.type) {
    TRY_ASSIGN(const std::uint64_t number, number_of(call, typed));
    if (typed.is_pointer()) return numbers == Numbers::kExact ? Value(number) : Value::address(number);
    return static_cast<std::int64_t>(number);
  }
  auto& types = call.desk.types().declarations(*typed.type);
  if (types.resolved(typed.type->id).kind == Kind::kPrototype) return Value::address(typed.address);
  TRY_ASSIGN(const auto bytes, bytes_of(call, typed));
  Maker maker(call, types, numbers);
  if (typed.bit_size == 0) return maker.value(typed.type->id, bytes, 0);
  debuginfo::RawMember field;
  field.type = typed.type->id;
  field.bits = typed.bit_offset;
  field.bit_size = typed.bit_size;
  return maker.member(field, bytes, 0);
}

}  // namespace whyhung::commands
