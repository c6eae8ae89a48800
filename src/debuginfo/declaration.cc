// SPDX-License-Identifier: GPL-2.0-or-later
#include "debuginfo/declaration.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace whyhung::debuginfo {
namespace {

using Kind = DeclaredType::Kind;

constexpr unsigned kDeepest = 16;               // of nested anonymous structures, and of declarators
constexpr std::size_t kMostKnown = 1u << 15;    // declared types that are kept
constexpr std::size_t kMostMembers = 1u << 15;  // that one declaration shows

std::string_view keyword(Kind kind) {
  switch (kind) {
    case Kind::kUnion: return "union";
    case Kind::kEnum: return "enum";
    default: return "struct";
  }
}

std::string_view qualifier(Kind kind) {
  switch (kind) {
    case Kind::kConst: return "const";
    case Kind::kVolatile: return "volatile";
    case Kind::kRestrict: return "restrict";
    default: return {};
  }
}

std::string tagged(const DeclaredType& type) {
  return fmt::format("{} {}", keyword(type.kind), type.name.empty() ? "{...}" : printable(type.name));
}

// BTF has the compiler's names of these types; crash's users know the shorter ones.
std::string as_crash_spells(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kSpellings = {
      {{"long int", "long"},
       {"long unsigned int", "unsigned long"},
       {"long long int", "long long"},
       {"long long unsigned int", "unsigned long long"},
       {"short int", "short"},
       {"short unsigned int", "unsigned short"}}};
  const auto found = std::ranges::find(kSpellings, name, [](const auto& one) { return one.first; });
  return std::string(found == kSpellings.end() ? name : found->second);
}

std::string joined(std::string_view type, std::string_view declarator) {
  if (declarator.empty()) return std::string(type);
  const bool touches = declarator.front() == '[' || declarator.front() == '(';
  return fmt::format("{}{}{}", type,
                     touches && declarator.front() == '(' && declarator.size() > 1 ? " "
                     : touches                                                     ? ""
                                                                                   : " ",
                     declarator);
}

class Declarator {
 public:
  explicit Declarator(Declarations& types) : types_(types) {}

  std::string write(std::uint64_t id, std::string declarator, unsigned depth) {
    if (depth == kDeepest) return joined("...", declarator);
    const DeclaredType type = types_.at(id);
    switch (type.kind) {
      case Kind::kVoid: return joined("void", declarator);
      case Kind::kBase: return joined(as_crash_spells(printable(type.name)), declarator);
      case Kind::kTypedef: return joined(printable(type.name), declarator);
      case Kind::kStruct:
      case Kind::kUnion:
      case Kind::kEnum: return joined(tagged(type), declarator);
      case Kind::kPointer: return pointer(type.target, declarator, depth);
      case Kind::kArray: {
        const std::string count = type.count == 0 ? std::string() : std::to_string(type.count);
        return write(type.target, fmt::format("{}[{}]", declarator, count), depth + 1);
      }
      case Kind::kPrototype: return write(type.target, declarator + parameters(type, depth), depth + 1);
      case Kind::kConst:
      case Kind::kVolatile:
      case Kind::kRestrict: return qualified(type, std::move(declarator), depth);
      case Kind::kTransparent: return write(type.target, std::move(declarator), depth + 1);
    }
    return declarator;
  }

 private:
  std::string pointer(std::uint64_t target, std::string_view declarator, unsigned depth) {
    const bool is_qualified =
        declarator.starts_with("const") || declarator.starts_with("volatile") || declarator.starts_with("restrict");
    std::string starred = fmt::format("{}{}", is_qualified ? "* " : "*", declarator);
    std::uint64_t inner = target;
    for (unsigned step = 0; step < kDeepest && types_.at(inner).kind == Kind::kTransparent; ++step) {
      inner = types_.at(inner).target;
    }
    const Kind kind = types_.at(inner).kind;
    if (kind == Kind::kArray || kind == Kind::kPrototype) starred = "(" + starred + ")";
    return write(target, std::move(starred), depth + 1);
  }

  // A qualifier of a pointer stands behind its star, any other before the type.
  std::string qualified(const DeclaredType& type, std::string declarator, unsigned depth) {
    const std::string_view word = qualifier(type.kind);
    const Kind inner = types_.at(type.target).kind;
    if (inner == Kind::kPointer) {
      return write(type.target, joined(word, declarator), depth + 1);
    }
    return fmt::format("{} {}", word, write(type.target, std::move(declarator), depth + 1));
  }

  std::string parameters(const DeclaredType& type, unsigned depth) {
    std::string text;
    for (const DeclaredType::Parameter& parameter : type.parameters) {
      text += (text.empty() ? "" : ", ") + write(parameter.type, {}, depth + 1);
    }
    if (type.takes_more) text += text.empty() ? "..." : ", ...";
    return fmt::format("({})", text.empty() ? "void" : text);
  }

  Declarations& types_;
};

std::string offset_text(MemberOffsets offsets, std::uint64_t value) {
  return offsets == MemberOffsets::kHexadecimal ? fmt::format("[0x{:x}]", value) : fmt::format("[{}]", value);
}

class WholeWriter {
 public:
  WholeWriter(Declarations& types, MemberOffsets offsets, std::uint64_t base, std::uint64_t size)
      : types_(types), offsets_(offsets), base_(base) {
    if (offsets != MemberOffsets::kHide)
      width_ = std::max<std::size_t>(6, offset_text(offsets, base + size).size() + 1);
  }

  std::string write(const DeclaredType& type, std::uint64_t id) {
    out_ = fmt::format("{}{} {{\n", keyword(type.kind), type.name.empty() ? "" : " " + printable(type.name));
    members(id, 0, 1);
    out_ += "}";
    return std::move(out_);
  }

 private:
  void members(std::uint64_t id, std::uint64_t bits, unsigned depth) {
    const std::size_t indent = depth * 4;
    for (const RawMember& member : types_.members_of(id)) {
      if (++written_ > kMostMembers) return;
      const std::uint64_t at = bits + member.bits;
      const std::uint64_t inner = types_.resolved_id(member.type);
      const DeclaredType type = types_.at(inner);
      prefix(at, indent);
      if (member.name.empty() && type.is_composite() && type.name.empty() && depth < kDeepest) {
        out_ += fmt::format("{} {{\n", keyword(type.kind));
        members(inner, at, depth + 1);
        out_ += std::string(blank(indent), ' ') + "};\n";
        continue;
      }
      out_ += declare(types_, member.type, printable(member.name));
      if (member.bit_size != 0) out_ += fmt::format(" : {}", member.bit_size);
      out_ += ";\n";
    }
  }

  std::size_t blank(std::size_t indent) const { return width_ == 0 ? indent : width_ + 1 + indent - 4; }
  void prefix(std::uint64_t bits, std::size_t indent) {
    if (width_ == 0) {
      out_ += std::string(indent, ' ');
    } else {
      out_ += fmt::format("{:>{}} {}", offset_text(offsets_, base_ + bits / 8), width_, std::string(indent - 4, ' '));
    }
  }

  Declarations& types_;
  MemberOffsets offsets_;
  std::uint64_t base_;
  std::size_t width_ = 0;
  std::size_t written_ = 0;
  std::string out_;
};

std::string declare_enum(const DeclaredType& type) {
  std::string list;
  std::int64_t expected = 0;
  for (const auto& [name, value] : type.enumerators) {
    list += (list.empty() ? "" : ", ") + printable(name);
    // As in C, a value is written where it does not follow from the one before.
    if (value != expected) list += fmt::format(" = {}", value);
    expected = value + 1;
  }
  return fmt::format("enum{} {{{}}}", type.name.empty() ? "" : " " + printable(type.name), list);
}

}  // namespace

const DeclaredType& Declarations::at(std::uint64_t id) {
  if (const auto known = known_.find(id); known != known_.end()) return known->second;
  if (known_.size() >= kMostKnown) known_.clear();
  return known_.emplace(id, source_->declared(id).value_or(DeclaredType{})).first->second;
}

std::uint64_t Declarations::resolved_id(std::uint64_t id) {
  for (unsigned step = 0; step < LayoutReader::kLongestChain; ++step) {
    const DeclaredType& type = at(id);
    if (!type.is_transparent()) return id;
    id = type.target;
  }
  return 0;
}

std::optional<std::uint64_t> Declarations::size_of(std::uint64_t id) {
  std::uint64_t elements = 1;
  for (unsigned step = 0; step < LayoutReader::kLongestChain; ++step) {
    const DeclaredType& type = resolved(id);
    if (type.kind == Kind::kVoid || type.kind == Kind::kPrototype || !type.is_complete) return std::nullopt;
    const bool is_array = type.kind == Kind::kArray;
    if (__builtin_mul_overflow(elements, is_array ? type.count : type.size, &elements)) return std::nullopt;
    if (!is_array) return elements;
    id = type.target;
  }
  return std::nullopt;
}

std::string declare(Declarations& types, std::uint64_t id, std::string_view name) {
  return Declarator(types).write(id, std::string(name), 0);
}

std::string declare_whole(Declarations& types, std::uint64_t id, MemberOffsets offsets, std::uint64_t base) {
  const std::uint64_t inner = types.resolved_id(id);
  const DeclaredType type = types.at(inner);
  if (type.kind == Kind::kEnum) return declare_enum(type);
  if (!type.is_composite() || !type.is_complete) return declare(types, id, {});
  return WholeWriter(types, offsets, base, type.size).write(type, inner);
}

std::string declare_member(Declarations& types, const RawMember& member, MemberOffsets offsets, std::uint64_t base,
                           std::size_t width) {
  std::string text = declare(types, member.type, printable(member.name));
  if (member.bit_size != 0) text += fmt::format(" : {}", member.bit_size);
  if (offsets == MemberOffsets::kHide) return fmt::format("    {};", text);
  return fmt::format("{:>{}} {};", offset_text(offsets, base + member.bits / 8), std::max<std::size_t>(6, width), text);
}

}  // namespace whyhung::debuginfo
