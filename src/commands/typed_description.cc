// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/typed_description.h"

#include "commands/typed.h"

namespace whyhung::commands {
namespace {

using Type = debuginfo::DeclaredType;
using Kind = Type::Kind;

std::string_view kind_name(debuginfo::Declarations& types, const Type& type) {
  switch (type.kind) {
    case Kind::kStruct: return "struct";
    case Kind::kUnion: return "union";
    case Kind::kPointer: return "pointer";
    case Kind::kEnum: return "enum";
    case Kind::kPrototype: return "function";
    case Kind::kArray: {
      const Type& element = types.resolved(type.target);
      return element.kind == Kind::kBase && element.encoding == Type::Encoding::kCharacter ? "text" : "array";
    }
    case Kind::kBase: return type.encoding == Type::Encoding::kBoolean ? "boolean" : "number";
    default: return "void";
  }
}

// A name by which the very type is found again; empty: another is called so, or none is.
std::string name_of_type(const Call& call, const Typed& typed) {
  std::string name = type_text(call, typed);
  const auto found = parse_type(call, name);
  if (!found || found->is_pointer() || found->type->source != typed.type->source) return {};
  auto& types = call.desk.types().declarations(*typed.type);
  return types.resolved_id(found->type->id) == types.resolved_id(typed.type->id) ? name : std::string();
}

void add_symbol(const Call& call, std::uint64_t address, Value& value) {
  const std::string symbol = address == 0 ? std::string() : call.desk.meaning().symbol(address);
  if (!symbol.empty()) value.set("symbol", symbol);
}

}  // namespace

Result<Value> describe(const Call& call, const Typed& typed, Depth depth, Numbers numbers) {
  Value value = Value::object();
  const bool is_plain = typed.is_pointer() || !typed.type;
  auto* types = typed.type ? &call.desk.types().declarations(*typed.type) : nullptr;
  const Type type = is_plain ? Type{} : types->resolved(typed.type->id);
  const std::string_view kind = typed.is_pointer() ? "pointer" : is_plain ? "number" : kind_name(*types, type);
  value.set("type", typed.type ? type_text(call, typed) : std::string("long"));
  value.set("kind", kind);
  if (typed.in_memory) value.set("address", Value::address(typed.address));
  if (const auto size = size_of_typed(call, typed)) value.set("size", *size);
  if (type.is_composite()) {
    if (std::string name = name_of_type(call, typed); !name.empty()) value.set("name", std::move(name));
  }
  if (kind == "array" || kind == "text") value.set("count", type.count);
  if (kind == "void") return value;
  if (kind == "function") {
    add_symbol(call, typed.address, value);
    return value;
  }
  if (kind == "pointer" || kind == "enum") {
    TRY_ASSIGN(const std::uint64_t number, number_of(call, typed));
    value.set("value", kind == "pointer" ? Value::address(number) : Value(static_cast<std::int64_t>(number)));
    if (kind == "pointer") add_symbol(call, number, value);
    const std::string name = kind == "enum" ? debuginfo::enumerator_text(type, number) : std::string();
    if (!name.empty()) value.set("name", name);
    return value;
  }
  if (depth == Depth::kDeep || (kind != "struct" && kind != "union" && kind != "array")) {
    TRY_ASSIGN(Value whole, value_of(call, typed, numbers));
    value.set("value", std::move(whole));
  }
  return value;
}

}  // namespace whyhung::commands
